// One loop's part of the engine: the functions that it knows (all) and those that it owns, whose
// environments live here. A function is owned by one loop; an invocation that arrives elsewhere
// hops to it and its answer hops back. Threading: its loop only, unless said otherwise.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/account_book.h"
#include "engine/environment.h"
#include "engine/event_log.h"
#include "engine/function_runner.h"
#include "engine/hot_reload.h"
#include "engine/invocation.h"
#include "model/function.h"
#include "sandbox/launcher.h"
#include "sandbox/limits.h"
#include "sandbox/runtime_api.h"
#include "sandbox/sandbox.h"
#include "store/code_store.h"

namespace kiln::engine {

class Invoker {
 public:
  struct Setup {
    net::IoLoop& loop;
    sandbox::LauncherLine launcher_line;
    sandbox::CgroupFactory cgroups;
    sandbox::Isolation isolation;
    logs::LogStore& log_store;
    store::CodeStore& code_store;
    std::string account;
    std::string runtimes_dir;
    std::string endpoint_url;
    Duration idle_lifetime;
    std::shared_ptr<sandbox::StartShare> starts;  // of all loops
    AccountBook& accounts;
    ProvisionedBoard& board;
    const Clock& metric_clock;
    Duration provisioning_delay;  // real time
    EventLog& events;
    MetricInbox& inbox;
    std::string symbols;  // see SymbolServer::name
    std::function<void(std::function<void()>)> post_worker;
    std::stop_token ending;
  };
  explicit Invoker(Setup setup);
  ~Invoker();

  // Before the loops run. `all`: every loop's invoker, this one included.
  Result<void> start(std::vector<Invoker*> all);

  net::IoLoop& loop() { return host_.loop; }
  // Makes the first sandboxes ahead of cold starts. On its loop.
  void stock_up();
  void set_endpoint_url(std::string url);

  void invoke(InvokeRequest&& request, InvokeDone done);
  Result<model::ConfigPtr> resolve(const std::string& region, const std::string& name,
                                   const std::string& qualifier) const;
  // The function's new value; nullptr: deleted.
  void publish(const std::string& region, const std::string& name,
               const model::FunctionPtr& function);
  // nullptr: no such function.
  model::FunctionPtr find(const std::string& region, const std::string& name) const;
  FoundUrl find_url(const std::string& id) const;
  // Metric points gathered since the last call, and the functions that have run here.
  void collect(std::vector<MetricPoint>& out);
  void status(std::vector<FunctionStatus>& out) const;
  void environments(std::vector<EnvironmentStatus>& out) const;
  // Any thread.
  net::ConnectionCounts runtime_connections() const { return runtime_api_.connections(); }

  // The one whose loop has the function's environments.
  Invoker& owner(const std::string& region, const std::string& name) const;

  // Starts an environment of the function under a debugger, or, with nullopt, gives up the one that
  // is there. On the owner, as `done` is; its error is that there is no such function, or nothing
  // to give up.
  void debug(const std::string& region, const std::string& name, const std::string& qualifier,
             const std::optional<DebugLaunch>& launch,
             std::function<void(Result<model::ConfigPtr>)> done);
  // Ends every environment of the function now. On the owner.
  void end_environments(const std::string& region, const std::string& name);
  // Refuses what comes, ends all environments, then calls `then` on this loop.
  void shut_down(std::function<void()> then);

 private:
  struct Key {
    std::string region, name;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return std::hash<std::string>()(key.name) * 31 + std::hash<std::string>()(key.region);
    }
  };

  Invoker& owner_of(const Key& key) const;
  FunctionRunner& runner(const Key& key);
  model::FunctionPtr with_running_config(const Key& key, const model::FunctionPtr& function) const;
  void invoke_here(const Key& key, const model::ConfigPtr& config, Invocation&& invocation);
  TaskFolder find_task(const model::FunctionConfig& config);

  // For an environment that the machine has no room for: each loop in turn lets go of sandboxes
  // that were made ahead, and says which of its idle ones it could do without. Of these one ends.
  struct RoomSearch {
    model::ConfigPtr wanted;
    std::function<void(bool made)> then;  // on the loop that asks
    Invoker& home;
    std::vector<IdleEnvironment> idle;
    std::vector<Invoker*> owners;  // of these
  };
  void look_for_room(const std::shared_ptr<RoomSearch>& search, size_t next);
  void end_idle(const std::shared_ptr<RoomSearch>& search);
  // Of this loop: the one to end, and its runner; nullptr: none is idle.
  std::pair<FunctionRunner*, IdleEnvironment> find_longest_idle(
      const model::FunctionConfig* wanted);

  logs::LogStore& log_store_;
  store::CodeStore& code_store_;
  std::string account_;
  sandbox::LauncherClient launcher_;
  sandbox::CgroupFactory cgroups_;
  sandbox::RuntimeApi runtime_api_;
  sandbox::SandboxHost host_;
  IoLoopPort loop_port_;
  EnvironmentHost environment_host_;
  AccountBook& accounts_;
  ProvisionedBoard& board_;
  const Clock& metric_clock_;
  Duration provisioning_delay_;
  EventLog& events_;
  const std::function<void(std::function<void()>)> post_worker_;
  const std::stop_token ending_;
  SnapshotTurns snapshot_turns_;
  HotReload hot_reload_;
  std::vector<Invoker*> all_;
  std::unordered_map<Key, model::FunctionPtr, KeyHash> functions_;
  std::unordered_map<std::string, FoundUrl> urls_;  // by id
  std::unordered_map<Key, std::unique_ptr<FunctionRunner>, KeyHash> runners_;
  std::vector<MetricPoint> left_over_points_;  // of functions that are gone
  std::multimap<std::string, Key> hot_folders_;
  bool closing_ = false;
};

}  // namespace kiln::engine
