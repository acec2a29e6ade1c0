#include "services/cloudformation.h"

#include <future>

#include "base/ids.h"
#include "services/cloudformation_documents.h"
#include "services/object_fetch.h"
#include "wire/credential_scope.h"
#include "wire/query_protocol.h"

namespace kiln::services {
namespace {

constexpr const char* kNamespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

net::Response wait_for(const CloudFormationService::Ask& ask, net::Request&& request) {
  auto answer = std::make_shared<std::promise<net::Response>>();
  auto future = answer->get_future();
  ask(std::move(request),
      [answer](net::Response&& response) { answer->set_value(std::move(response)); });
  return future.get();
}

}  // namespace

// Stacks are kept by threads that aren't the control thread: each write goes there and is waited
// for.
class CloudFormationService::ControlledState final : public StatePort {
 public:
  explicit ControlledState(engine::Engine& engine) : engine_(engine) {}

  Result<void> save(const std::string& kind, const std::string& region, const std::string& key,
                    const std::string& document) override {
    std::promise<Result<void>> saved;
    engine_.post_control(
        [&] { saved.set_value(engine_.state().save(kind, region, key, document)); });
    return saved.get_future().get();
  }
  void erase(const std::string& kind, const std::string& region, const std::string& key) override {
    std::promise<void> erased;
    engine_.post_control([&] {
      engine_.state().erase(kind, region, key);
      erased.set_value();
    });
    erased.get_future().get();
  }

 private:
  engine::Engine& engine_;
};

CloudFormationService::CloudFormationService(engine::Engine& engine, Ask ask)
    : engine_(engine), ask_(std::move(ask)), state_(std::make_unique<ControlledState>(engine)) {
  stack::StackBook::Options options{engine.options().account, {}, *state_, engine.clock(), {}};
  options.api = [this](const std::string& region) { return api(region); };
  options.ssm = [this](const std::string& region,
                       const std::string& name) -> std::optional<std::string> {
    const auto answer = api(region).rpc("ssm", "AmazonSSM.GetParameter",
                                        {{"Name", name}, {"WithDecryption", true}});
    if (!answer) return std::nullopt;
    return stack::text_of(answer->value("Parameter", nlohmann::json::object()), "Value");
  };
  book_ = std::make_unique<stack::StackBook>(std::move(options));
  for (const char* kind : {stack::StackRecord::kStackKind, stack::StackRecord::kResourceKind,
                           stack::StackRecord::kLeftoverKind, stack::StackRecord::kEventKind,
                           stack::StackBook::kChangeSetKind})
    engine.load_state(
        kind, [&](const std::string& region, const std::string& key, const std::string& document) {
          if (auto done = book_->load(kind, region, key, document); !done && engine.options().log)
            engine.options().log("stack " + key + " in " + region +
                                 " can't be read and is left out: " + done.error().message);
        });
  book_->loaded();
  thread_ = std::thread([this] { work(); });
}

CloudFormationService::~CloudFormationService() { stop(); }

void CloudFormationService::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  book_.reset();
}

void CloudFormationService::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || !tasks_.empty(); });
    if (stopping_) return;
    const auto task = std::move(tasks_.front());
    tasks_.pop();
    lock.unlock();
    task();
    lock.lock();
  }
}

stack::AwsApi CloudFormationService::api(const std::string& region) const {
  const std::lock_guard lock(mutex_);
  return {[this](net::Request&& request) { return wait_for(ask_, std::move(request)); }, region,
          host_};
}

void CloudFormationService::handle(net::Request&& request, Classification&& what, Reply reply) {
  auto task = [this, region = wire::CredentialScope::of(request.base()).region,
               operation = std::move(what.operation), input = what.query->document(), reply] {
    const std::string id = new_uuid();
    const auto fetch = [this](const std::string& bucket, const std::string& key) {
      return fetch_object(engine_, bucket, key, static_cast<int64_t>(cfn::kMaxTemplateBytes));
    };
    const auto output = CloudFormationOperations(*book_, fetch).run(operation, input, region);
    if (!output) return reply(wire::query_error(output.error(), id, kNamespace));
    wire::XmlAnswer xml(operation, kNamespace);
    reply(xml.add(*output, {is_cloudformation_time, {}}).finish(id));
  };
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      if (const auto host = net::field(request, "Host"); !host.empty()) host_ = host;
      tasks_.push(std::move(task));
      changed_.notify_one();
      return;
    }
  }
  reply(wire::query_error({ErrorKind::kUnavailable, "ServiceUnavailable", "Kiln is stopping"},
                          new_uuid(), kNamespace));
}

}  // namespace kiln::services
