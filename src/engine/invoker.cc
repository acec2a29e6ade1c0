#include "engine/invoker.h"

#include <algorithm>

#include "base/check.h"
#include "base/ids.h"
#include "base/processors.h"
#include "engine/events.h"
#include "model/names.h"
#include "sandbox/activity.h"
#include "sandbox/template_sandbox.h"

namespace kiln::engine {
namespace {

// Slots decide uids; each loop has its own range of them.
constexpr uint32_t kSlotsPerLoop = 100'000;

Error closing_error() {
  return {ErrorKind::kUnavailable, "ServiceException",
          "Kiln is shutting down; start it again with `kiln serve`."};
}

}  // namespace

Invoker::Invoker(Setup setup)
    : log_store_(setup.log_store),
      code_store_(setup.code_store),
      account_(std::move(setup.account)),
      launcher_(std::move(setup.launcher_line), setup.loop),
      cgroups_(std::move(setup.cgroups)),
      runtime_api_(setup.loop),
      host_{setup.loop,      launcher_,
            cgroups_,        runtime_api_,
            setup.isolation, static_cast<uint32_t>(setup.loop.index()) * kSlotsPerLoop,
            setup.starts},
      loop_port_(setup.loop),
      environment_host_{
          loop_port_,
          [this](sandbox::SandboxOwner& owner) -> std::unique_ptr<sandbox::SandboxPort> {
            return std::make_unique<sandbox::Sandbox>(host_, owner);
          },
          log_store_,
          setup.isolation,
          std::move(setup.runtimes_dir),
          std::move(setup.endpoint_url),
          setup.idle_lifetime,
          {&setup.inbox, &setup.metric_clock},
          std::move(setup.symbols),
          [this](sandbox::TemplateOwner& owner) -> std::unique_ptr<sandbox::TemplatePort> {
            return std::make_unique<sandbox::TemplateSandbox>(host_, owner);
          },
          usable_processors(),
          sandbox::processors_idle},
      accounts_(setup.accounts),
      board_(setup.board),
      metric_clock_(setup.metric_clock),
      provisioning_delay_(setup.provisioning_delay),
      events_(setup.events),
      post_worker_(std::move(setup.post_worker)),
      ending_(std::move(setup.ending)),
      hot_reload_(
          setup.loop,
          [this](const std::string& folder) {
            const auto [begin, end] = hot_folders_.equal_range(folder);
            for (auto it = begin; it != end; ++it)
              if (const auto found = runners_.find(it->second); found != runners_.end())
                found->second->retire_all();
          },
          [this](const std::string& text) {
            events_.write(note_event(Severity::kWarning, text, host_.loop.clock().wall_now()));
          }) {}

Invoker::~Invoker() = default;

Result<void> Invoker::start(std::vector<Invoker*> all) {
  all_ = std::move(all);
  host_.loop.post([this] { cgroups_.favor_this_thread(); });
  return runtime_api_.listen();
}

void Invoker::stock_up() { host_.stock.refill(); }

void Invoker::set_endpoint_url(std::string url) {
  KILN_REQUIRE(host_.loop.owned_here());
  environment_host_.endpoint_url = std::move(url);
}

Invoker& Invoker::owner_of(const Key& key) const { return *all_[KeyHash()(key) % all_.size()]; }

Invoker& Invoker::owner(const std::string& region, const std::string& name) const {
  return owner_of({region, name});
}

Result<model::ConfigPtr> Invoker::resolve(const std::string& region, const std::string& name,
                                          const std::string& qualifier) const {
  const auto found = functions_.find(Key{region, name});
  if (found != functions_.end())
    if (auto config = model::resolve_qualifier(*found->second, qualifier, random_unit()))
      return config;
  return model::function_not_found({region, name, qualifier}, account_, model::Operation::kInvoke);
}

void Invoker::invoke(InvokeRequest&& request, InvokeDone done) {
  const auto refuse = [&done](Error error) {
    InvokeReply reply;
    reply.error = std::move(error);
    done(std::move(reply));
  };
  if (closing_) return refuse(closing_error());
  auto config = resolve(request.region, request.function_name, request.qualifier);
  if (!config) return refuse(std::move(config).error());
  Key key{request.region, request.function_name};
  Invocation invocation;
  invocation.request = std::move(request);
  invocation.done = std::move(done);
  invocation.function_arn =
      model::function_arn(key.region, account_, key.name, invocation.request.qualifier);
  Invoker& owner = owner_of(key);
  if (&owner == this) return invoke_here(key, *config, std::move(invocation));

  invocation.done = [home = this, done = std::move(invocation.done)](InvokeReply&& reply) {
    home->loop().post([done, reply = std::move(reply)]() mutable { done(std::move(reply)); });
  };
  owner.loop().post([&owner, key = std::move(key), config = std::move(*config),
                     invocation = std::move(invocation)]() mutable {
    owner.invoke_here(key, config, std::move(invocation));
  });
}

void Invoker::invoke_here(const Key& key, const model::ConfigPtr& config, Invocation&& invocation) {
  if (closing_) {
    InvokeReply reply;
    reply.error = closing_error();
    return invocation.done(std::move(reply));
  }
  runner(key).invoke(config, std::move(invocation));
}

FunctionRunner& Invoker::runner(const Key& key) {
  if (const auto found = runners_.find(key); found != runners_.end()) return *found->second;
  const FunctionRunner::Shared shared{
      environment_host_,
      accounts_.of(key.region),
      board_,
      metric_clock_,
      provisioning_delay_,
      events_,
      snapshot_turns_,
      post_worker_,
      ending_,
      [this](const model::ConfigPtr& wanted, auto then) {
        look_for_room(
            std::make_shared<RoomSearch>(RoomSearch{wanted, std::move(then), *this, {}, {}}), 0);
      }};
  auto made = std::make_unique<FunctionRunner>(
      shared, key.region, key.name,
      [this](const model::FunctionConfig& c) { return find_task(c); });
  FunctionRunner& runner = *runners_.emplace(key, std::move(made)).first->second;
  // An invocation may still be on its way when its function is deleted.
  if (const auto function = functions_.find(key); function != functions_.end())
    runner.update(*function->second);
  return runner;
}

model::FunctionPtr Invoker::find(const std::string& region, const std::string& name) const {
  const auto found = functions_.find(Key{region, name});
  return found == functions_.end() ? nullptr : found->second;
}

void Invoker::collect(std::vector<MetricPoint>& out) {
  KILN_REQUIRE(host_.loop.owned_here());
  for (auto& [key, runner] : runners_) runner->collect(out);
  std::move(left_over_points_.begin(), left_over_points_.end(), std::back_inserter(out));
  left_over_points_.clear();
}

void Invoker::status(std::vector<FunctionStatus>& out) const {
  KILN_REQUIRE(host_.loop.owned_here());
  for (const auto& [key, runner] : runners_) out.push_back(runner->status());
}

void Invoker::environments(std::vector<EnvironmentStatus>& out) const {
  KILN_REQUIRE(host_.loop.owned_here());
  for (const auto& [key, runner] : runners_) runner->environments(out);
}

void Invoker::debug(const std::string& region, const std::string& name,
                    const std::string& qualifier, const std::optional<DebugLaunch>& launch,
                    std::function<void(Result<model::ConfigPtr>)> done) {
  KILN_REQUIRE(host_.loop.owned_here());
  const Key key{region, name};
  KILN_REQUIRE(&owner_of(key) == this);
  Result<model::ConfigPtr> config = resolve(region, name, qualifier);
  if (!config || closing_) return done(closing_ ? closing_error() : config.error());
  if (launch)
    runner(key).debug(*config, *launch);
  else if (!runner(key).stop_debugging())
    return done(Error{
        ErrorKind::kNotFound, "ResourceNotFoundException",
        "no environment of " + name + " is being debugged; `kiln debug " + name + "` starts one"});
  done(std::move(config));
}

void Invoker::end_environments(const std::string& region, const std::string& name) {
  KILN_REQUIRE(host_.loop.owned_here());
  if (const auto found = runners_.find(Key{region, name}); found != runners_.end())
    found->second->end_environments();
}

TaskFolder Invoker::find_task(const model::FunctionConfig& config) {
  TaskFolder task{code_store_.task_dir(config.code), code_store_.pin(config.code.zip_sha_hex)};
  if (const std::string& layers = config.layers->folder_key; !layers.empty()) {
    task.layers_path = code_store_.folder(layers);
    task.layers_pin = code_store_.pin(layers);
  }
  const std::string& hot = config.code.hot_reload_dir;
  const Key key{config.region, config.name};
  // An environment of a deleted function may still be tried again: its folder stays unwatched.
  if (hot.empty() || !functions_.contains(key)) return task;
  hot_reload_.watch(hot);
  const auto [begin, end] = hot_folders_.equal_range(hot);
  const bool known =
      std::any_of(begin, end, [&](const auto& watched) { return watched.second == key; });
  if (!known) hot_folders_.emplace(hot, key);
  return task;
}

// ---- Room on the machine

std::pair<FunctionRunner*, IdleEnvironment> Invoker::find_longest_idle(
    const model::FunctionConfig* wanted) {
  std::vector<IdleEnvironment> idle;
  std::vector<FunctionRunner*> owners;
  for (auto& [key, runner] : runners_)
    if (const auto one = runner->longest_idle(wanted)) {
      idle.push_back(*one);
      owners.push_back(runner.get());
    }
  const auto longest = one_to_end(idle, wanted);
  if (!longest) return {};
  return {owners[*longest], idle[*longest]};
}

void Invoker::look_for_room(const std::shared_ptr<RoomSearch>& search, size_t next) {
  const model::FunctionConfig* wanted = search->wanted.get();
  if (next < all_.size())
    return all_[next]->loop().post([search, wanted, next, here = all_[next]] {
      here->host_.stock.on_no_room();
      if (const auto [runner, one] = here->find_longest_idle(wanted); runner != nullptr) {
        search->idle.push_back(one);
        search->owners.push_back(here);
      }
      here->look_for_room(search, next + 1);
    });
  if (const auto longest = one_to_end(search->idle, wanted)) {
    Invoker* owner = search->owners[*longest];
    return owner->loop().post([search, owner] { owner->end_idle(search); });
  }
  search->home.loop().post([search] { search->then(false); });
}

void Invoker::end_idle(const std::shared_ptr<RoomSearch>& search) {
  FunctionRunner* runner = find_longest_idle(search->wanted.get()).first;
  if (runner == nullptr) {  // an invocation, or another search, was faster
    search->idle.clear();
    search->owners.clear();
    return look_for_room(search, 0);
  }
  runner->end_longest_idle(search->wanted.get(), [search] {
    search->home.loop().post([search] { search->then(true); });
  });
}

FoundUrl Invoker::find_url(const std::string& id) const {
  const auto found = urls_.find(id);
  return found == urls_.end() ? FoundUrl{} : found->second;
}

// With the config that its environments run, where a change made nothing of it but a new revision:
// tags, permissions and new versions leave the environments of $LATEST alone.
model::FunctionPtr Invoker::with_running_config(const Key& key,
                                                const model::FunctionPtr& function) const {
  const auto before = functions_.find(key);
  if (!function || before == functions_.end()) return function;
  const model::ConfigPtr& running = before->second->latest;
  // Each change of code or configuration has a time of its own.
  if (running == function->latest || running->last_modified != function->latest->last_modified)
    return function;
  auto copy = std::make_shared<model::Function>(*function);
  copy->latest = running;
  return copy;
}

void Invoker::publish(const std::string& region, const std::string& name,
                      const model::FunctionPtr& published) {
  KILN_REQUIRE(host_.loop.owned_here());
  const Key key{region, name};
  const model::FunctionPtr function = with_running_config(key, published);
  if (const auto before = functions_.find(key); before != functions_.end())
    for (const auto& [qualifier, url] : before->second->urls) urls_.erase(url.id);
  if (function)
    for (const auto& [qualifier, url] : function->urls) urls_[url.id] = {function, qualifier};
  if (function)
    functions_[key] = function;
  else
    functions_.erase(key);
  if (function) {
    const auto existing = runners_.find(key);
    if (existing != runners_.end()) return existing->second->update(*function);
    // Provisioned environments and snapshots start without an invocation; all else waits for the
    // first one.
    const bool snapshots =
        std::any_of(function->versions.begin(), function->versions.end(),
                    [](const auto& version) { return model::uses_snapshots(*version.second); });
    if ((snapshots || !function->provisioned.empty()) && &owner_of(key) == this) runner(key);
    return;
  }
  for (auto it = hot_folders_.begin(); it != hot_folders_.end();) {
    const std::string folder = it->first;
    it = it->second == key ? hot_folders_.erase(it) : std::next(it);
    if (!hot_folders_.contains(folder)) hot_reload_.forget(folder);
  }
  const auto existing = runners_.find(key);
  if (existing == runners_.end()) return;
  existing->second->retire_for_good();
  // The runner of a deleted function goes with its last environment.
  existing->second->when_empty([this, key] {
    host_.loop.post([this, key] {
      const auto empty = runners_.find(key);
      if (empty == runners_.end() || !empty->second->empty() || functions_.contains(key)) return;
      empty->second->collect(left_over_points_);
      runners_.erase(empty);
    });
  });
}

void Invoker::shut_down(std::function<void()> then) {
  KILN_REQUIRE(host_.loop.owned_here());
  closing_ = true;
  hot_reload_.close();
  auto left = std::make_shared<size_t>(2 + runners_.size());
  const auto one_less = [left, then = std::move(then), this] {
    if (--*left == 0) {
      runtime_api_.close();
      then();
    }
  };
  for (auto& [key, runner] : runners_) {
    runner->abandon_all(closing_error());
    runner->when_empty(one_less);
  }
  host_.stock.close(one_less);
  one_less();
}

}  // namespace kiln::engine
