#include "engine/engine.h"

#include <malloc.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <latch>
#include <mutex>
#include <set>

#include "base/check.h"
#include "base/fence.h"
#include "base/ids.h"
#include "base/worker_pool.h"
#include "engine/account_book.h"
#include "engine/control_loop.h"
#include "engine/event_log.h"
#include "engine/event_queue.h"
#include "engine/events.h"
#include "engine/invoker.h"
#include "engine/layer_book.h"
#include "engine/metric_inbox.h"
#include "engine/notifier.h"
#include "engine/provisioned_board.h"
#include "engine/provisioned_capacity.h"
#include "engine/queue_sender.h"
#include "engine/state_gate.h"
#include "engine/symbol_server.h"
#include "engine/target_router.h"
#include "logs/store.h"
#include "logs/tap.h"
#include "model/names.h"
#include "notify/topic_book.h"
#include "scaling/scaling_book.h"
#include "store/data_dir.h"
#include "store/database.h"
#include "store/document_store.h"
#include "store/metric_archive.h"

namespace kiln::engine {
namespace {

// Each sandbox takes about ten descriptors; the default soft limit is far too small for thousands.
void raise_descriptor_limit() {
  struct rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Fenced, under the name of what its poster has in hand.
std::function<void()> named(std::function<void()> work, const char* otherwise) {
  const std::string_view now = in_hand();
  return [work = std::move(work), name = std::string(now.empty() ? otherwise : now)] {
    fenced(name, work);
  };
}

constexpr auto kStopPatience = std::chrono::seconds(5);
constexpr size_t kMostWorkers = 8;

}  // namespace

struct Engine::Impl final : EventQueuePort {
  Impl(EngineOptions o, sandbox::LauncherProcess& l, const Clock& c)
      : options(std::move(o)),
        launcher(l),
        clock(c),
        events_log(options.events != nullptr ? *options.events : nobody),
        metric_clock(c, options.speed),
        accounts(options.quota) {}

  EngineOptions options;
  sandbox::LauncherProcess& launcher;
  const Clock& clock;
  NoEvents nobody;
  EventLog& events_log;
  ScaledClock metric_clock;
  AccountBook accounts;
  ProvisionedBoard board;
  MetricInbox inbox;
  std::unique_ptr<store::DataDir> data_dir;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::FunctionStore> function_store;
  std::unique_ptr<store::DocumentStore> documents;
  std::unique_ptr<StateGate> state;  // what writes to `documents` goes through it
  std::unique_ptr<store::MetricArchive> archive;
  std::unique_ptr<store::CodeStore> code_store;
  std::unique_ptr<store::ObjectStore> objects;
  std::unique_ptr<logs::LogTap> log_tap;
  std::unique_ptr<logs::LogStore> log_store;
  std::unique_ptr<SymbolServer> symbols;
  std::vector<std::unique_ptr<net::IoLoop>> loops;
  std::vector<std::unique_ptr<Invoker>> invokers;
  std::unique_ptr<Registry> registry;
  std::unique_ptr<net::IoLoop> control;  // the control thread
  std::unique_ptr<EventQueue> events;
  std::unique_ptr<LayerBook> layers;
  std::unique_ptr<telemetry::AlarmBook> alarms;
  std::unique_ptr<notify::TopicBook> topics;
  std::unique_ptr<ProvisionedCapacity> capacity;
  std::unique_ptr<scaling::ScalingBook> scaling;
  std::unique_ptr<QueueSender> queues;
  std::unique_ptr<Notifier> notifier;
  std::unique_ptr<TargetRouter> targets;
  std::unique_ptr<ControlLoop> control_loop;
  std::vector<std::function<void()>> hourly;  // control thread only
  std::unique_ptr<WorkerPool> workers;
  std::vector<std::string> warnings;
  bool loading = true;
  std::vector<std::tuple<std::string, std::string, model::FunctionPtr>> loaded;
  bool running = false;

  // What each function's configuration claims of its Region's concurrency; only what is not 0.
  std::map<std::pair<std::string, std::string>, int> claims;
  std::map<std::string, int> claimed;

  void claim(const std::string& region, const std::string& name, const model::Function* function) {
    const int units = !function                        ? 0
                      : function->reserved_concurrency ? *function->reserved_concurrency
                                                       : model::provisioned_total(*function);
    const auto found = claims.find({region, name});
    const int before = found == claims.end() ? 0 : found->second;
    if (units == before) return;
    if (units == 0)
      claims.erase(found);
    else
      claims[{region, name}] = units;
    accounts.of(region).set_claimed_by_configuration(claimed[region] += units - before);
  }

  // Called on the control thread: returns when every loop has the new value.
  void publish(const std::string& region, const std::string& name, model::FunctionPtr function) {
    claim(region, name, function.get());
    if (loading) {
      loaded.emplace_back(region, name, std::move(function));
      return;
    }
    on_every_loop([&](Invoker& invoker) { invoker.publish(region, name, function); });
  }

  // Calls `work` with each loop's invoker, on its loop, and waits for all.
  template <class F>
  void on_every_loop(F&& work) {
    std::latch done(static_cast<ptrdiff_t>(invokers.size()));
    for (auto& invoker : invokers)
      invoker->loop().post([&, target = invoker.get()] {
        fenced("a loop's part", [&] { work(*target); });
        done.count_down();
      });
    done.wait();
  }

  // EventQueuePort
  void try_event(const store::StoredEvent& event, std::function<void(Outcome&&)> done) override {
    InvokeRequest request;
    request.region = event.region;
    request.function_name = event.function_name;
    request.qualifier = event.qualifier;
    request.payload = event.payload;
    request.client_context = event.client_context;
    request.trace_id = event.trace_id;
    request.request_id = event.request_id;
    Invoker& invoker = *invokers[0];
    invoker.loop().post([&invoker, request = std::move(request), done = std::move(done)]() mutable {
      auto outcome = std::make_shared<Outcome>();
      if (const auto function = invoker.find(request.region, request.function_name))
        outcome->settings = model::async_settings(*function, request.qualifier);
      if (outcome->settings.zero_reserved) {
        outcome->reply.error =
            model::throttled(model::Throttle::kReservedFunctionConcurrentInvocations);
        return done(std::move(*outcome));
      }
      invoker.invoke(std::move(request), [outcome, done](InvokeReply&& reply) {
        outcome->stopping =
            reply.error.kind == ErrorKind::kUnavailable && !reply.error.type.empty();
        outcome->reply = std::move(reply);
        done(std::move(*outcome));
      });
    });
  }
  void deliver(const std::string& target_arn, const std::string& region, const Told& told,
               std::function<void(Result<void>)> done) override {
    targets->deliver(target_arn, region, {told.body, told.attributes, told.trace_header},
                     std::move(done));
  }
  void record(MetricPoint&& point) override { inbox.add(std::move(point)); }

  void warn(const std::string& line) {
    events_log.write(note_event(Severity::kWarning, line, clock.wall_now()));
  }
  // Whether what a target's ARN names is there. Control thread.
  Result<void> check_target(const InvokeRequest& request) const {
    const auto function = registry->find(request.region, request.function_name);
    if (function && model::resolve_qualifier(**function, request.qualifier, 1)) return {};
    return model::function_not_found({request.region, request.function_name, request.qualifier},
                                     options.account, model::Operation::kInvoke);
  }
  Result<void> start_control();
  void make_notifier();
  void make_log_tap();
  void deliver(logs::SubscribedBatch&& batch);

  Invoker& here() {
    for (auto& invoker : invokers)
      if (invoker->loop().on_this_loop()) return *invoker;
    KILN_REQUIRE(!"on a loop of this engine");
    return *invokers[0];
  }
};

Result<void> Engine::Impl::start_control() {
  auto opened = store::MetricArchive::open(options.data_dir + "/metrics.db");
  if (!opened) return opened.error();
  archive = std::move(*opened);
  auto event_store = store::EventStore::open(options.data_dir + "/events.db");
  if (!event_store) return event_store.error();
  events = std::make_unique<EventQueue>(std::move(*event_store), *this, options.account, clock,
                                        metric_clock);
  alarms = std::make_unique<telemetry::AlarmBook>(options.account, *state);
  alarms->on_transition([this](const telemetry::Alarm& alarm, telemetry::AlarmState before) {
    events_log.write(alarm_event(
        alarm.config.region, alarm.config.name, std::string(to_text(before)),
        std::string(to_text(alarm.status.state)), alarm.status.reason, clock.wall_now()));
  });
  layers = std::make_unique<LayerBook>(*state);
  topics = std::make_unique<notify::TopicBook>(options.account, *state);
  capacity = std::make_unique<ProvisionedCapacity>(*registry, options.quota);
  scaling::ScalingBook::Options scaling_options;
  scaling_options.step_scaling = options.strictness == Strictness::kAsAws
                                     ? scaling::StepScaling::kReject
                                     : scaling::StepScaling::kRun;
  scaling_options.warn = [this](const std::string& line) { warn(line); };
  scaling_options.on_activity = [this](const std::string& region,
                                       const scaling::Activity& activity) {
    const bool failed = activity.status == scaling::Activity::Status::kFailed;
    if (!activity.is_scaling()) return;
    events_log.write(scaling_event(region, activity.resource.text(), activity.description, failed,
                                   clock.wall_now()));
  };
  scaling = std::make_unique<scaling::ScalingBook>(options.account, *state, *alarms, *capacity,
                                                   std::move(scaling_options));
  auto read = documents->load_all([this](const std::string& kind, const std::string& region,
                                         const std::string& key, const std::string& document) {
    // Documents of a service have its own kinds; services that keep theirs themselves load them.
    Result<void> loaded_one;
    if (kind == telemetry::AlarmBook::kMetricKind || kind == telemetry::AlarmBook::kCompositeKind)
      loaded_one = alarms->load(kind, region, key, document);
    else if (LayerBook::owns(kind))
      loaded_one = layers->load(kind, region, key, document);
    else if (scaling::ScalingBook::owns(kind))
      loaded_one = scaling->load(kind, region, key, document);
    else
      loaded_one = topics->load(kind, document);
    if (!loaded_one)
      warn("the stored " + kind + " " + key + " (" + region +
           ") can't be read and is left out: " + loaded_one.error().message);
  });
  if (!read) return read;
  // What a killed engine left unfinished or unreferenced.
  std::set<std::string> used = registry->code_in_use();
  used.merge(layers->code_in_use());
  code_store->collect(used);
  make_notifier();
  ControlLoop::Ports ports;
  ports.collect = [this](std::vector<MetricPoint>& out) {
    std::mutex mutex;
    on_every_loop([&](Invoker& invoker) {
      const std::lock_guard lock(mutex);
      invoker.collect(out);
    });
    if (log_tap->is_used()) {
      log_store->flush();
      log_tap->collect(epoch_ms(metric_clock.wall_now()) / 1000);
    }
    inbox.collect(out);
  };
  ports.act = [this](const telemetry::FiredAction& action, WallTime now) {
    return targets->act(action, now);
  };
  ports.each_minute = [this](WallTime now) { scaling->each_minute(now); };
  ports.each_hour = [this](WallTime) {
    for (const auto& work : hourly) fenced("an hourly task", work);
  };
  control_loop =
      std::make_unique<ControlLoop>(*control, metric_clock, *archive, *alarms, std::move(ports));
  control->post([this] { control_loop->start(); });
  return {};
}

void Engine::Impl::make_log_tap() {
  logs::LogTap::Ports ports;
  ports.record = [this](logs::FilteredValue&& value) {
    MetricPoint point;
    point.key = {std::move(value.region), std::move(value.metric_namespace), std::move(value.name),
                 std::move(value.dimensions)};
    point.unit = value.unit.empty() ? "None" : std::move(value.unit);
    point.time_s = value.minute_s;
    point.values.add(value.value);
    inbox.add(std::move(point));
  };
  ports.deliver = [this](logs::SubscribedBatch&& batch) {
    control->post([this, batch = std::move(batch)]() mutable { deliver(std::move(batch)); });
  };
  ports.metric_time_s = [this](int64_t timestamp_ms) {
    const int64_t shift_ms = epoch_ms(metric_clock.wall_now()) - epoch_ms(clock.wall_now());
    return (timestamp_ms + shift_ms) / 1000;
  };
  ports.warn = [this](const std::string& line) { warn(line); };
  log_tap = std::make_unique<logs::LogTap>(options.account, std::move(ports));
  log_store->set_tap(log_tap.get());
}

// Control thread.
void Engine::Impl::deliver(logs::SubscribedBatch&& batch) {
  const auto lost = [this, arn = batch.destination_arn](const Result<void>& taken) {
    if (!taken) warn("log events for " + arn + " are lost: " + taken.error().message);
  };
  const auto to = model::parse_function_ref(batch.destination_arn, "", batch.region,
                                            options.account, model::Operation::kInvoke);
  if (!to) return lost(to.error());
  InvokeRequest request;
  request.region = to->region;
  request.function_name = to->name;
  request.qualifier = to->qualifier;
  request.payload = std::move(batch.payload);
  request.request_id = new_uuid();
  if (auto found = check_target(request); !found) return lost(found);
  events->accept(std::move(request), lost);
}

void Engine::Impl::make_notifier() {
  const auto sqs = options.forwards.find("sqs");
  queues =
      std::make_unique<QueueSender>(*control, sqs == options.forwards.end() ? "" : sqs->second);
  // As Lambda's Invoke, which answers 404 before it accepts. Control thread.
  const auto accept = [this](InvokeRequest&& request, std::function<void(Result<void>)> done) {
    if (auto found = check_target(request); !found) return done(found);
    events->accept(std::move(request), std::move(done));
  };
  notifier = std::make_unique<Notifier>(
      *control, metric_clock, *topics, *queues,
      Notifier::Ports{accept, [this](const std::string& line) { warn(line); },
                      [this](MetricPoint&& point) { inbox.add(std::move(point)); }});
  notifier->set_kiln_url(options.endpoint_url);
  targets = std::make_unique<TargetRouter>(
      *control, *topics, *notifier, *queues,
      TargetRouter::Ports{accept, [this](const InvokeRequest& r) { return check_target(r); },
                          [this](const telemetry::FiredAction& action, WallTime now) {
                            return scaling->on_alarm(action, now);
                          }});
}

Engine::Engine(EngineOptions options, sandbox::LauncherProcess& launcher, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), launcher, clock)) {}

Engine::~Engine() { stop(); }

Result<void> Engine::start() {
  Impl& e = *impl_;
  raise_descriptor_limit();
  auto data_dir = store::DataDir::open(e.options.data_dir);
  if (!data_dir) return data_dir.error();
  e.data_dir = std::make_unique<store::DataDir>(std::move(*data_dir));
  auto database = store::Database::open(e.options.data_dir + "/kiln.db");
  if (!database) return database.error();
  e.database = std::move(*database);
  e.function_store = std::make_unique<store::FunctionStore>(*e.database);
  e.documents = std::make_unique<store::DocumentStore>(*e.database);
  e.state = std::make_unique<StateGate>(*e.documents);
  e.code_store = std::make_unique<store::CodeStore>(e.options.data_dir + "/code");
  e.objects = std::make_unique<store::ObjectStore>(e.options.data_dir + "/objects",
                                                   e.options.account, e.clock);
  e.log_store = std::make_unique<logs::LogStore>(e.options.data_dir + "/logs");
  e.make_log_tap();
  e.registry = std::make_unique<Registry>(
      *e.function_store, e.clock, e.options.account,
      [&e](const std::string& region, const std::string& name, model::FunctionPtr function) {
        e.publish(region, name, std::move(function));
      });
  if (auto loaded = e.registry->load(); !loaded) return loaded.error();

  const std::string& io_fault = net::uring_fault();
  if (!io_fault.empty() && e.options.io == net::IoChoice::kUring)
    return Error{ErrorKind::kUnavailable, "NoIoUring",
                 "io_uring is not to be had here (" + io_fault +
                     "); use --io auto, or --io epoll, or allow it to this process"};
  if (!io_fault.empty() && e.options.io == net::IoChoice::kAuto)
    e.events_log.write(note_event(Severity::kInfo,
                                  "io_uring is not to be had here (" + io_fault +
                                      "), so epoll is used; --io epoll says no more about it",
                                  e.clock.wall_now()));
  e.symbols = std::make_unique<SymbolServer>(e.options.data_dir);
  if (auto listening = e.symbols->start(); !listening)
    e.warnings.push_back(listening.error().message);
  const sandbox::CgroupFactory::Paths paths;
  sandbox::CgroupFactory::sweep(paths);
  std::vector<Invoker*> all;
  for (int i = 0; i < e.options.loops; ++i) {
    e.loops.push_back(std::make_unique<net::IoLoop>(i, e.clock, e.options.io));
    auto cgroups =
        sandbox::CgroupFactory::detect(paths, std::to_string(::getpid()) + "-" + std::to_string(i));
    if (i == 0 && !cgroups.warning().empty()) e.warnings.push_back(cgroups.warning());
    e.invokers.push_back(std::make_unique<Invoker>(Invoker::Setup{
        *e.loops.back(), e.launcher.take_socket(i), std::move(cgroups), e.launcher.isolation(),
        *e.log_store, *e.code_store, e.options.account, e.options.runtimes_dir,
        e.options.endpoint_url, e.metric_clock.real(e.options.idle_lifetime), e.accounts, e.board,
        e.metric_clock, e.metric_clock.real(e.options.provisioning_delay), e.events_log, e.inbox,
        e.symbols->name()}));
    all.push_back(e.invokers.back().get());
  }
  if (!e.launcher.warning().empty()) e.warnings.push_back(e.launcher.warning());
  for (Invoker* invoker : all) {
    if (auto started = invoker->start(all); !started) return started.error();
    for (const auto& [region, name, function] : e.loaded) invoker->publish(region, name, function);
  }
  e.loaded.clear();
  ::malloc_trim(0);  // what reading the store took for a moment
  e.loading = false;
  e.workers = std::make_unique<WorkerPool>(WorkerPool::Options{"worker", 2, kMostWorkers});
  if (auto able = e.workers->ensure(); !able) return able.error();
  e.control = std::make_unique<net::IoLoop>(-1, e.clock);
  if (auto started = e.start_control(); !started) return started;
  for (auto& loop : e.loops) loop->start();
  if (auto started = e.events->start(); !started) {
    for (auto& loop : e.loops) loop->stop();
    for (auto& loop : e.loops) loop->join();
    return started;
  }
  e.control->start();
  e.running = true;
  return {};
}

void Engine::stop() {
  Impl& e = *impl_;
  if (!std::exchange(e.running, false)) return;
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
ControlLoop& Engine::control_loop() { return *impl_->control_loop; }
LayerBook& Engine::layers() { return *impl_->layers; }
AccountBook& Engine::accounts() { return impl_->accounts; }
ProvisionedBoard& Engine::board() { return impl_->board; }
notify::TopicBook& Engine::topics() { return *impl_->topics; }
Notifier& Engine::notifier() { return *impl_->notifier; }
scaling::ScalingBook& Engine::scaling() { return *impl_->scaling; }
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
  std::vector<FunctionStatus> out;
  std::mutex mutex;
  impl_->on_every_loop([&](Invoker& invoker) {
    const std::lock_guard lock(mutex);
    invoker.status(out);
  });
  return out;
}

std::vector<EnvironmentStatus> Engine::environments() {
  std::vector<EnvironmentStatus> out;
  std::mutex mutex;
  impl_->on_every_loop([&](Invoker& invoker) {
    const std::lock_guard lock(mutex);
    invoker.environments(out);
  });
  return out;
}

void Engine::debug(const std::string& region, const std::string& name, const std::string& qualifier,
                   const std::optional<DebugLaunch>& launch,
                   std::function<void(Result<model::ConfigPtr>)> done) {
  Invoker& any = *impl_->invokers[0];
  any.loop().post([&any, region, name, qualifier, launch, done = std::move(done)]() mutable {
    any.debug(region, name, qualifier, launch, std::move(done));
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

void Engine::set_endpoint_url(const std::string& url) {
  for (auto& invoker : impl_->invokers)
    invoker->loop().post([target = invoker.get(), url] { target->set_endpoint_url(url); });
  impl_->control->post([e = impl_.get(), url] { e->notifier->set_kiln_url(url); });
}

std::vector<net::IoLoop*> Engine::loops() {
  std::vector<net::IoLoop*> out;
  for (auto& loop : impl_->loops) out.push_back(loop.get());
  return out;
}

}  // namespace kiln::engine
