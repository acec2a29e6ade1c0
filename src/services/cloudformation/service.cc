#include "services/cloudformation/service.h"

#include <future>

#include "base/fence.h"
#include "base/ids.h"
#include "base/json_access.h"
#include "base/mutex.h"
#include "base/stopping.h"
#include "engine/event_log.h"
#include "engine/events.h"
#include "services/cloudformation/constraints.h"
#include "services/cloudformation/documents.h"
#include "services/cloudformation/members.h"
#include "services/driver/object_fetch.h"
#include "template/problem_text.h"
#include "wire/credential_scope.h"
#include "wire/query_protocol.h"

namespace kiln::services {
namespace {

// Of what is wrong with a template, as a text of JSON: clients take headers of a few KiB.
constexpr size_t kMaxProblems = 3000;
constexpr const char* kNamespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

net::Response wait_for(const CloudFormationService::Ask& ask, net::Request&& request) {
  auto answer = std::make_shared<std::promise<net::Response>>();
  auto future = answer->get_future();
  ask(std::move(request),
      [answer](net::Response&& response) { answer->set_value(std::move(response)); });
  return future.get();
}

net::Response is_stopping() {
  return wire::query_error(stopping("ServiceUnavailable"), new_uuid(), kNamespace);
}

// The text is AWS's, which has no places; those and what else is wrong are in a header.
net::Response failure(const Error& error, const std::string& request_id) {
  net::Response response = wire::query_error(
      {error.kind, error.type, cfn::without_place(error.message)}, request_id, kNamespace);
  if (!cfn::has_place(error.message)) return response;
  const nlohmann::json text = error.message.substr(0, kMaxProblems);
  response.headers.emplace_back(CloudFormationService::kProblemsHeader, json_ascii(text));
  return response;
}

}  // namespace

// Stacks are kept by threads that aren't the control thread: each write goes there and is waited
// for.
class CloudFormationService::ControlledState final : public StatePort {
 public:
  explicit ControlledState(engine::Engine& engine) : engine_(engine) {}

  Result<void> save(const std::string& kind, const std::string& region, const std::string& key,
                    const std::string& document) override {
    return wait_for([&] { return engine_.state().save(kind, region, key, document); });
  }
  Result<void> erase_all(const std::vector<Place>& places) override {
    return wait_for([&] { return engine_.state().erase_all(places); });
  }

 private:
  Result<void> wait_for(const std::function<Result<void>()>& work) {
    std::promise<Result<void>> done;
    engine_.post_control([&] {
      Result<void> result = Error{ErrorKind::kInternal, "InternalFailure", "It can't be kept"};
      fenced("a stack's document", [&] { result = work(); });
      done.set_value(std::move(result));
    });
    return done.get_future().get();
  }

  engine::Engine& engine_;
};

CloudFormationService::CloudFormationService(engine::Engine& engine, Ask ask)
    : engine_(engine),
      ask_(std::move(ask)),
      state_(std::make_unique<ControlledState>(engine)),
      provider_calls_(
          [this](net::Request&& request, Reply reply) {
            // Functions are invoked on a loop.
            auto held = std::make_shared<net::Request>(std::move(request));
            engine_.loops().front()->post(
                [this, held, reply = std::move(reply)] { ask_(std::move(*held), reply); });
          },
          [this] {
            const MutexLock lock(mutex_);
            return functions_url_.empty() ? "http://" + host_ : functions_url_;
          }) {
  stack::StackBook::Options options{engine.options().account, {}, *state_, engine.clock(), {}};
  options.api = [this](const std::string& region) { return api(region); };
  options.fetch = [this](const std::string& url) -> Result<std::string> {
    const auto address = object_address(url);
    if (!address)
      return Error{ErrorKind::kInvalid, "ValidationError",
                   "TemplateURL must reference a valid S3 object to which you have access: " + url};
    return fetch_object(engine_, address->bucket, address->key,
                        static_cast<int64_t>(cfn::kMaxTemplateBytes));
  };
  options.provider = [this](const stack::ProviderCall& call) { return provider_calls_.call(call); };
  options.ssm = [this](const std::string& region,
                       const std::string& name) -> std::optional<cfn::SsmParameter> {
    const auto answer = api(region).rpc("ssm", "AmazonSSM.GetParameter",
                                        {{"Name", name}, {"WithDecryption", true}});
    if (!answer) return std::nullopt;
    const nlohmann::json found = json_member(*answer, "Parameter");
    return cfn::SsmParameter{stack::text_of(found, "Type"), stack::text_of(found, "Value")};
  };
  book_ = std::make_unique<stack::StackBook>(std::move(options));
  for (const char* kind : {stack::StackRecord::kStackKind, stack::StackRecord::kResourceKind,
                           stack::StackRecord::kLeftoverKind, stack::StackRecord::kEventKind,
                           stack::StackBook::kChangeSetKind})
    engine.load_state(
        kind, [&](const std::string& region, const std::string& key, const std::string& document) {
          if (auto done = book_->load(kind, region, key, document); !done)
            engine.events().write(
                engine::note_event(engine::Severity::kWarning,
                                   "stack " + key + " in " + region +
                                       " can't be read and is left out: " + done.error().message,
                                   engine.clock().wall_now()));
        });
  book_->loaded();
  thread_ = std::thread([this] { work(); });
}

CloudFormationService::~CloudFormationService() { stop(); }

void CloudFormationService::stop() {
  {
    const MutexLock lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  changed_.notify_all();
  // Before what their steps wait for gives up: a step that fails now is no reason to roll back.
  book_->leave();
  engine_.begin_stop();
  thread_.join();
  readers_.join();
  // Deployments may wait for answers, too.
  std::queue<Task> left;
  {
    const MutexLock lock(mutex_);
    left.swap(tasks_);
  }
  for (; !left.empty(); left.pop()) left.front().reply(is_stopping());
  book_.reset();
}

void CloudFormationService::set_functions_url(const std::string& url) {
  const MutexLock lock(mutex_);
  functions_url_ = url;
}

void CloudFormationService::take_response(const net::Request& request, const Reply& reply) {
  const std::string_view path = net::target(request);
  const std::string_view token = path.substr(0, path.find('?')).substr(ProviderCalls::kPath.size());
  reply(provider_calls_.take(std::string(token), request.body()));
}

void CloudFormationService::work() {
  MutexLock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&]() KILN_REQUIRES(mutex_) { return stopping_ || !tasks_.empty(); });
    if (stopping_) return;
    const Task task = std::move(tasks_.front());
    tasks_.pop();
    lock.unlock();
    fenced("the stack thread", task.work);
    lock.lock();
  }
}

stack::AwsApi CloudFormationService::api(const std::string& region) const {
  const MutexLock lock(mutex_);
  return {[this](net::Request&& request) { return wait_for(ask_, std::move(request)); }, region,
          host_};
}

void CloudFormationService::handle(net::Request&& request, Classification&& what, Reply reply) {
  if (!what.query) return take_response(request, reply);
  auto given = query_input(*what.query);
  if (auto known =
          check_members(cloudformation_members(), what.operation, given, "ValidationError");
      !known)
    return reply(wire::query_error(known.error(), new_uuid(), kNamespace));
  if (auto fits = check_cloudformation_input(what.operation, given); !fits)
    return reply(wire::query_error(fits.error(), new_uuid(), kNamespace));
  const bool reads = reads_template(what.operation);
  auto task = [this, region = wire::CredentialScope::of(request.base()).region,
               operation = std::move(what.operation), input = std::move(given), reply] {
    const std::string id = new_uuid();
    const auto fetch = [this](const std::string& bucket, const std::string& key) {
      return fetch_object(engine_, bucket, key, static_cast<int64_t>(cfn::kMaxTemplateBytes));
    };
    const auto output = CloudFormationOperations(*book_, fetch).run(operation, input, region);
    if (!output) return reply(failure(output.error(), id));
    wire::XmlAnswer xml(operation, kNamespace);
    reply(xml.add(*output, {is_cloudformation_time, {}}).finish(id));
  };
  const auto able = reads ? readers_.ensure() : Result<void>();
  {
    const MutexLock lock(mutex_);
    if (const auto host = net::field(request, "Host"); !host.empty()) host_ = host;
    if (!stopping_ && able) {
      if (reads) {
        readers_.post(std::move(task));
      } else {
        tasks_.push({std::move(task), std::move(reply)});
        changed_.notify_one();
      }
      return;
    }
  }
  reply(able ? is_stopping() : wire::query_error(able.error(), new_uuid(), kNamespace));
}

}  // namespace kiln::services
