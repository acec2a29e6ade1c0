// The engine joins rules and sandboxes: functions in, invocations through, logs out.
//
// Construct on the main thread after the launcher was forked; start() opens the data folder and
// starts the loops. Threading: invoke() on any loop; control work through post_control().
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/state_port.h"
#include "engine/invocation.h"
#include "engine/registry.h"
#include "engine/status.h"
#include "net/http_server.h"
#include "net/io_loop.h"
#include "store/code_store.h"
#include "store/object_store.h"

namespace kiln::logs {
class LogStore;
}
namespace kiln::notify {
class TopicBook;
}
namespace kiln::sandbox {
class LauncherProcess;
}
namespace kiln::scaling {
class ScalingBook;
}

namespace kiln::engine {

class AccountBook;
class ControlLoop;
class EventLog;
class EventQueue;
class LayerBook;
class Notifier;
class ProvisionedBoard;

// Whether what Kiln can do beyond AWS is refused as AWS refuses it: step scaling of Lambda.
enum class Strictness { kPermissive, kAsAws };

// Whether an operation is carried out, or tried only.
enum class Effects { kReal, kNone };

struct EngineOptions {
  std::string data_dir = ".kiln";
  std::string account = "000000000000";
  std::string runtimes_dir;  // holds python/ and nodejs/
  std::string endpoint_url;  // AWS_ENDPOINT_URL given to functions; see set_endpoint_url
  int loops = 1;
  net::IoChoice io = net::IoChoice::kAuto;  // kUring fails where it is not to be had
  Duration idle_lifetime = std::chrono::minutes(10);
  size_t starts = 0;  // environments that initialise at once; 0: as suits the machine
  model::AccountQuota quota;
  double speed = 1;                // of metric minutes, alarms, cooldowns, retries, schedules
  Duration provisioning_delay{0};  // virtual time, before environments are started
  Strictness strictness = Strictness::kPermissive;
  // Services that Kiln doesn't have, and the http:// address of the server that has each.
  std::map<std::string, std::string> forwards;
  EventLog* events = nullptr;  // what the engine says; outlives it; nullptr: nobody listens
};

class Engine {
 public:
  Engine(EngineOptions options, sandbox::LauncherProcess& launcher, const Clock& clock);
  ~Engine();

  // Opens the store, recovers, starts threads. Error: data folder unusable, database corrupt or
  // newer.
  Result<void> start();
  // Work of worker threads that has not begun is dropped, and what takes long gives up: for whoever
  // has to wait for other threads before stop(). Safe to call twice.
  void begin_stop();
  // Ends every sandbox, waits for the threads. Safe to call twice.
  void stop();
  // Whether stop has begun: who waits for others asks.
  std::stop_token ending() const;

  // The invoke path. REQUIRES: called on a loop of this engine.
  void invoke(InvokeRequest&& request, InvokeDone done);
  // Whether the function and qualifier exist: what DryRun asks. Same threading.
  Result<void> check_invocable(const std::string& region, const std::string& name,
                               const std::string& qualifier);

  // The function URL with this id. Same threading.
  FoundUrl find_url(const std::string& id);

  // Takes the invocation into the durable queue; `done` with success means that it is on disk. Any
  // thread, `done` on another.
  void invoke_async(InvokeRequest&& request, std::function<void(Result<void>)> done);

  // Runs `work` on the control thread, in order. Control work may block on the store. Without
  // effects it ends where it would keep something (engine/state_gate.h).
  void post_control(std::function<void()> work, Effects effects = Effects::kReal);
  // Runs `work` on a worker thread: unpacking archives and the like.
  void post_worker(std::function<void()> work);

  Registry& registry();                     // called on the control thread only
  ControlLoop& control_loop();              // control thread only
  LayerBook& layers();                      // any thread
  AccountBook& accounts();                  // any thread
  ProvisionedBoard& board();                // any thread
  notify::TopicBook& topics();              // control thread only
  Notifier& notifier();                     // control thread only
  scaling::ScalingBook& scaling();          // control thread only
  const ScaledClock& metric_clock() const;  // virtual time
  // Where services keep what they are given, and read it back before they serve.
  StatePort& state();  // control thread only
  void load_state(const std::string& kind,
                  const std::function<void(const std::string& region, const std::string& key,
                                           const std::string& document)>& visit);
  // Calls `work` on the control thread at the end of each hour of the virtual clock, from now
  // on until stop(). Any thread.
  void each_hour(std::function<void()> work);
  // Every function that has run since the start. Control thread only.
  std::vector<FunctionStatus> status();
  // Those of functions to the Runtime API. Any thread.
  net::ConnectionCounts runtime_connections() const;
  // Every execution environment that there is. Control thread only.
  std::vector<EnvironmentStatus> environments();
  // Starts an environment of the function under a debugger; nullopt: gives up the one that is
  // there. Any thread, `done` on another. See Invoker.
  void debug(const std::string& region, const std::string& name, const std::string& qualifier,
             const std::optional<DebugLaunch>& launch,
             std::function<void(Result<model::ConfigPtr>)> done);
  // Ends every environment of the function now, whatever it is at work on; `done` is called when
  // they have been told. The function may be deleted already. Any thread, `done` on another.
  void end_environments(const std::string& region, const std::string& name,
                        std::function<void()> done);
  // Where the function's processes see its code.
  std::string task_root(const model::FunctionConfig& config) const;
  size_t queued_events() const;    // any thread
  store::CodeStore& code_store();  // any thread
  store::ObjectStore& objects();   // any thread but a loop's
  logs::LogStore& log_store();     // any thread
  EventLog& events();              // any thread
  const Clock& clock() const;
  const EngineOptions& options() const;
  std::vector<net::IoLoop*> loops();
  // What this machine keeps Kiln from enforcing, one line each, for the user.
  const std::vector<std::string>& warnings() const;
  // AWS_ENDPOINT_URL of functions, once the port is known.
  void set_endpoint_url(const std::string& url);
  // Makes the first sandboxes ahead of cold starts. That takes two processors for some
  // milliseconds, so it comes when callers can be served; without it the first start makes its own.
  void stock_up();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiln::engine
