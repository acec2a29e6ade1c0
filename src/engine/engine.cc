#include "engine/engine.h"

#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <set>

#include "base/check.h"
#include "base/interpreters.h"
#include "base/mutex.h"
#include "base/processors.h"
#include "engine/engine_parts.h"
#include "engine/events.h"
#include "sandbox/descriptors.h"

namespace kiln::engine {
namespace {

// Fenced, under the name of what its poster has in hand.
std::function<void()> named(std::function<void()> work, const char* otherwise) {
  const std::string_view now = in_hand();
  return [work = std::move(work), name = std::string(now.empty() ? otherwise : now)] {
    fenced(name, work);
  };
}

// What isn't enforced on this machine. One sentence says all that an ordinary user lacks, who reads
// it at each start; others see what their machine differs in.
std::vector<std::string> sandbox_warnings(const std::string& limits,
                                          const sandbox::LauncherProcess& launcher) {
  const bool ordinary = ::geteuid() != 0 && !limits.empty() &&
                        launcher.isolation() == sandbox::Isolation::kUserNamespace;
  if (ordinary)
    return {
        "without root, all functions run as you, their memory is limited per process, and "
        "their CPU isn't limited; `kiln doctor` says what enforces all limits"};
  std::vector<std::string> warnings;
  for (const std::string& warning : {limits, launcher.warning()})
    if (!warning.empty()) warnings.push_back(warning);
  return warnings;
}

size_t most_starts(const EngineOptions& options) {
  return options.starts > 0 ? options.starts
                            : usable_processors() * sandbox::StartTurns::kPerProcessor;
}

// Of those, the managed ones whose interpreter no look has found.
void add_unknown_runtimes(const model::Function& function, std::set<std::string>& out) {
  const auto add = [&out](const model::FunctionConfig& config) {
    if (!wanted_version(config.runtime).empty() && !machine_interpreters().knows(config.runtime))
      out.insert(config.runtime);
  };
  add(*function.latest);
  for (const auto& [number, config] : function.versions) add(*config);
}

// Work of a worker: looks for their interpreters, so that event loops know them.
std::function<void()> look_for(std::set<std::string> runtimes, std::stop_token ending) {
  return [runtimes = std::move(runtimes), ending = std::move(ending)] {
    fenced("the look for interpreters", [&] {
      for (const std::string& runtime : runtimes)
        if (!ending.stop_requested()) (void)machine_interpreters().find(runtime, ending);
    });
  };
}

// How long a start waits for the look, which takes some 30 ms: invocations that come before its end
// go by the names of files.
constexpr auto kLookPatience = std::chrono::milliseconds(250);
constexpr auto kStopPatience = std::chrono::seconds(5);
constexpr size_t kMostWorkers = 8;

}  // namespace

void Engine::Impl::publish(const std::string& region, const std::string& name,
                           model::FunctionPtr function) {
  KILN_REQUIRE(on_control());
  if (const auto claimed = claims.set(region, name, function.get()))
    accounts.of(region).set_claimed_by_configuration(*claimed);
  if (loading) {
    loaded.emplace_back(region, name, std::move(function));
    return;
  }
  std::set<std::string> runtimes;
  if (function) add_unknown_runtimes(*function, runtimes);
  if (!runtimes.empty())
    workers->post(named(look_for(std::move(runtimes), ending.get_token()), "a worker"));
  // An invocation that goes from loop to loop meets no runner that doesn't know its configuration.
  on_every_loop([&](Invoker& invoker) { invoker.publish(region, name, function); },
                &invokers[0]->owner(region, name));
}

Invoker& Engine::Impl::here() {
  for (auto& invoker : invokers)
    if (invoker->loop().on_this_loop()) return *invoker;
  KILN_REQUIRE(!"on a loop of this engine");
  return *invokers[0];
}

Engine::Engine(EngineOptions options, sandbox::LauncherProcess& launcher, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), launcher, clock)) {}

Engine::~Engine() {
  stop();
  // A start that failed may have begun some of them.
  for (auto& loop : impl_->loops) loop->stop();
  for (auto& loop : impl_->loops) loop->join();
}

Result<void> Engine::start() {
  Impl& e = *impl_;
  if (auto enough = sandbox::raise_descriptor_limit(e.options.loops); !enough) return enough;
  auto data_dir = store::DataDir::open(e.options.data_dir);
  if (!data_dir) return data_dir.error();
  e.data_dir = std::make_unique<store::DataDir>(std::move(*data_dir));
  e.control = std::make_unique<net::IoLoop>(-1, e.clock);
  auto database = store::Database::open(e.options.data_dir + "/kiln.db");
  if (!database) return database.error();
  e.database = std::move(*database);
  e.function_store = std::make_unique<store::FunctionStore>(*e.database);
  e.documents = std::make_unique<store::DocumentStore>(*e.database);
  e.state = std::make_unique<StateGate>(*e.documents, *e.control);
  e.code_store = std::make_unique<store::CodeStore>(e.options.data_dir + "/code",
                                                    store::CodeLimits{}, e.ending.get_token());
  e.objects = std::make_unique<store::ObjectStore>(
      e.options.data_dir + "/objects", e.options.account, e.clock, e.ending.get_token());
  e.log_store = std::make_unique<logs::LogStore>(e.options.data_dir + "/logs");
  e.make_log_tap();
  e.registry = std::make_unique<Registry>(
      *e.function_store, e.clock, e.options.account,
      [&e](const std::string& region, const std::string& name, model::FunctionPtr function) {
        e.publish(region, name, std::move(function));
      },
      e.control.get());
  if (auto loaded = e.registry->load(); !loaded) return loaded.error();

  const std::string io_fault =
      e.options.io == net::IoChoice::kEpoll ? std::string() : net::uring_fault();
  if (!io_fault.empty() && e.options.io == net::IoChoice::kUring)
    return Error{ErrorKind::kUnavailable, "NoIoUring",
                 "io_uring is not to be had here (" + io_fault +
                     "); use --io auto, or --io epoll, or allow it to this process"};
  if (!io_fault.empty() && e.options.io == net::IoChoice::kAuto)
    e.events_log.write(note_event(Severity::kInfo,
                                  "io_uring is not to be had here (" + io_fault +
                                      "), so epoll is used; --io epoll says no more about it",
                                  e.clock.wall_now()));
  e.workers = std::make_unique<WorkerPool>(WorkerPool::Options{"worker", 2, kMostWorkers});
  if (auto able = e.workers->ensure(); !able) return able.error();
  std::set<std::string> runtimes;
  for (const auto& [region, name, function] : e.loaded) add_unknown_runtimes(*function, runtimes);
  std::future<void> look;
  if (!runtimes.empty()) {
    auto looked = std::make_shared<std::promise<void>>();
    look = looked->get_future();
    post_worker([looked, work = look_for(std::move(runtimes), ending())] {
      work();
      looked->set_value();
    });
  }
  e.hourly.emplace_back([this] {
    post_worker([stop = ending()] {
      fenced("the look for interpreters", [&] { machine_interpreters().settle(stop); });
    });
  });
  e.symbols = std::make_unique<SymbolServer>(e.options.data_dir);
  if (auto listening = e.symbols->start(); !listening)
    e.warnings.push_back(listening.error().message);
  const sandbox::CgroupFactory::Paths paths{.known = e.options.data_dir + "/cgroups"};
  sandbox::CgroupFactory::sweep(paths);
  if (auto ready = e.launcher.get_ready(); !ready) return ready;
  if (e.launcher.isolation() == sandbox::Isolation::kFull)
    e.code_store->set_readers(store::CodeReaders::kOthers);
  const auto starts = std::make_shared<sandbox::StartShare>(most_starts(e.options));
  std::vector<Invoker*> all;
  std::string limits_warning;
  for (int i = 0; i < e.options.loops; ++i) {
    e.loops.push_back(std::make_unique<net::IoLoop>(i, e.clock, e.options.io));
    auto cgroups =
        sandbox::CgroupFactory::detect(paths, std::to_string(::getpid()) + "-" + std::to_string(i));
    if (i == 0) limits_warning = cgroups.warning();
    e.invokers.push_back(std::make_unique<Invoker>(
        Invoker::Setup{*e.loops.back(),
                       e.launcher.take_line(i),
                       std::move(cgroups),
                       e.launcher.isolation(),
                       *e.log_store,
                       *e.code_store,
                       e.options.account,
                       e.options.runtimes_dir,
                       e.options.endpoint_url,
                       e.metric_clock.real(e.options.idle_lifetime),
                       starts,
                       e.accounts,
                       e.board,
                       e.metric_clock,
                       e.metric_clock.real(e.options.provisioning_delay),
                       e.events_log,
                       e.inbox,
                       e.symbols->name(),
                       [this](std::function<void()> work) { post_worker(std::move(work)); },
                       ending()}));
    all.push_back(e.invokers.back().get());
  }
  for (std::string& warning : sandbox_warnings(limits_warning, e.launcher))
    e.warnings.push_back(std::move(warning));
  for (Invoker* invoker : all) {
    if (auto started = invoker->start(all); !started) return started.error();
    for (const auto& [region, name, function] : e.loaded) invoker->publish(region, name, function);
  }
  e.loaded.clear();
  ::malloc_trim(0);  // what reading the store took for a moment
  e.loading = false;
  if (auto started = e.start_control(); !started) return started;
  if (look.valid()) look.wait_for(kLookPatience);
  for (auto& loop : e.loops) loop->start();
  if (auto started = e.events->start(); !started) return started;
  e.control->start();
  e.running = true;
  return {};
}

void Engine::begin_stop() {
  impl_->ending.request_stop();
  if (impl_->workers) impl_->workers->close();
}

std::stop_token Engine::ending() const { return impl_->ending.get_token(); }

void Engine::stop() {
  Impl& e = *impl_;
  if (!std::exchange(e.running, false)) return;
  begin_stop();
  // First what makes changes, then what serves.
  e.workers->join();
  e.events->stop();
  std::promise<void> finished;
  e.control->post([&] {
    fenced("the control loop's end", [&] { e.control_loop->finish(); });
    finished.set_value();
  });
  finished.get_future().wait();
  e.control->stop();
  e.control->join();
  auto left = std::make_shared<std::atomic<size_t>>(e.invokers.size());
  auto all_down = std::make_shared<std::promise<void>>();
  for (auto& invoker : e.invokers)
    invoker->loop().post([target = invoker.get(), left, all_down] {
      target->shut_down([left, all_down] {
        if (--*left == 0) all_down->set_value();
      });
    });
  all_down->get_future().wait_for(kStopPatience);
  for (auto& loop : e.loops) loop->stop();
  for (auto& loop : e.loops) loop->join();
  // What is still queued holds environments: it goes before the loops' invokers do.
  for (auto& loop : e.loops) loop->drain();
  e.log_tap->close();
  e.log_store->flush();
  // Environments first: they hold on to their loops.
  e.invokers.clear();
}

void Engine::invoke(InvokeRequest&& request, InvokeDone done) {
  impl_->here().invoke(std::move(request), std::move(done));
}

Result<void> Engine::check_invocable(const std::string& region, const std::string& name,
                                     const std::string& qualifier) {
  auto config = impl_->here().resolve(region, name, qualifier);
  if (!config) return config.error();
  return {};
}

FoundUrl Engine::find_url(const std::string& id) { return impl_->here().find_url(id); }

void Engine::invoke_async(InvokeRequest&& request, std::function<void(Result<void>)> done) {
  impl_->events->accept(std::move(request), std::move(done));
}

void Engine::post_control(std::function<void()> work, Effects effects) {
  work = named(std::move(work), "the control thread");
  if (effects == Effects::kNone)
    work = [state = impl_->state.get(), work = std::move(work)] { state->shut_while(work); };
  impl_->control->post([work = std::move(work)] { work(); });
}
void Engine::post_worker(std::function<void()> work) {
  impl_->workers->post(named(std::move(work), "a worker"));
}
Registry& Engine::registry() { return *impl_->registry; }
ControlLoop& Engine::control_loop() {
  KILN_REQUIRE(impl_->on_control());
  return *impl_->control_loop;
}
LayerBook& Engine::layers() { return *impl_->layers; }
AccountBook& Engine::accounts() { return impl_->accounts; }
ProvisionedBoard& Engine::board() { return impl_->board; }
notify::TopicBook& Engine::topics() {
  KILN_REQUIRE(impl_->on_control());
  return *impl_->topics;
}
Notifier& Engine::notifier() {
  KILN_REQUIRE(impl_->on_control());
  return *impl_->notifier;
}
scaling::ScalingBook& Engine::scaling() {
  KILN_REQUIRE(impl_->on_control());
  return *impl_->scaling;
}
const ScaledClock& Engine::metric_clock() const { return impl_->metric_clock; }
StatePort& Engine::state() { return *impl_->state; }

void Engine::load_state(
    const std::string& kind,
    const std::function<void(const std::string&, const std::string&, const std::string&)>& visit) {
  std::promise<void> done;
  post_control([&] {
    fenced("reading what is kept", [&] {
      (void)impl_->documents->load_all([&](const std::string& its_kind, const std::string& region,
                                           const std::string& key, const std::string& document) {
        if (its_kind == kind) fenced(kind, [&] { visit(region, key, document); });
      });
    });
    done.set_value();
  });
  done.get_future().wait();
}

void Engine::each_hour(std::function<void()> work) {
  post_control(
      [this, work = std::move(work)]() mutable { impl_->hourly.push_back(std::move(work)); });
}

size_t Engine::queued_events() const { return impl_->events->depth(); }

std::vector<FunctionStatus> Engine::status() {
  KILN_REQUIRE(impl_->on_control());
  std::vector<FunctionStatus> out;
  Mutex mutex;
  impl_->on_every_loop([&](Invoker& invoker) {
    const MutexLock lock(mutex);
    invoker.status(out);
  });
  return out;
}

net::ConnectionCounts Engine::runtime_connections() const {
  net::ConnectionCounts out;
  for (const auto& invoker : impl_->invokers) out += invoker->runtime_connections();
  return out;
}

std::vector<EnvironmentStatus> Engine::environments() {
  KILN_REQUIRE(impl_->on_control());
  std::vector<EnvironmentStatus> out;
  Mutex mutex;
  impl_->on_every_loop([&](Invoker& invoker) {
    const MutexLock lock(mutex);
    invoker.environments(out);
  });
  return out;
}

void Engine::debug(const std::string& region, const std::string& name, const std::string& qualifier,
                   const std::optional<DebugLaunch>& launch,
                   std::function<void(Result<model::ConfigPtr>)> done) {
  Invoker& owner = impl_->invokers[0]->owner(region, name);
  owner.loop().post([&owner, region, name, qualifier, launch, done = std::move(done)]() mutable {
    owner.debug(region, name, qualifier, launch, std::move(done));
  });
}

void Engine::end_environments(const std::string& region, const std::string& name,
                              std::function<void()> done) {
  Invoker& owner = impl_->invokers[0]->owner(region, name);
  owner.loop().post([&owner, region, name, done = std::move(done)] {
    owner.end_environments(region, name);
    done();
  });
}

std::string Engine::task_root(const model::FunctionConfig& config) const {
  if (impl_->launcher.isolation() != sandbox::Isolation::kNone) return "/var/task";
  return impl_->code_store->task_dir(config.code);
}

store::CodeStore& Engine::code_store() { return *impl_->code_store; }
store::ObjectStore& Engine::objects() { return *impl_->objects; }
logs::LogStore& Engine::log_store() { return *impl_->log_store; }
EventLog& Engine::events() { return impl_->events_log; }
const Clock& Engine::clock() const { return impl_->clock; }
const EngineOptions& Engine::options() const { return impl_->options; }
const std::vector<std::string>& Engine::warnings() const { return impl_->warnings; }

void Engine::stock_up() {
  for (auto& invoker : impl_->invokers)
    invoker->loop().post_late([target = invoker.get()] { target->stock_up(); });
}

void Engine::set_endpoint_url(const std::string& url) {
  for (auto& invoker : impl_->invokers)
    invoker->loop().post([target = invoker.get(), url] { target->set_endpoint_url(url); });
  impl_->control->post([e = impl_.get(), url] { e->notifier->set_kiln_url(url); });
  impl_->data_dir->tell_address(url);
}

std::vector<net::IoLoop*> Engine::loops() {
  std::vector<net::IoLoop*> out;
  for (auto& loop : impl_->loops) out.push_back(loop.get());
  return out;
}

}  // namespace kiln::engine
