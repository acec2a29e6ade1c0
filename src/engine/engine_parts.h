// The parts of the engine, and how they are joined. Of engine.cc (its life) and engine_wiring.cc
// alone.
#pragma once

#include <latch>
#include <stop_token>

#include "base/fence.h"
#include "base/worker_pool.h"
#include "engine/account_book.h"
#include "engine/claims.h"
#include "engine/control_loop.h"
#include "engine/engine.h"
#include "engine/event_log.h"
#include "engine/event_queue.h"
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
#include "notify/topic_book.h"
#include "scaling/scaling_book.h"
#include "store/data_dir.h"
#include "store/database.h"
#include "store/document_store.h"
#include "store/metric_archive.h"

namespace kiln::engine {

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
  Claims claims;  // control thread only
  ProvisionedBoard board;
  std::stop_source ending;
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

  // Whether the caller may touch what belongs to the control thread.
  bool on_control() const { return control == nullptr || control->owned_here(); }

  // Called on the control thread: returns when every loop has the new value.
  void publish(const std::string& region, const std::string& name, model::FunctionPtr function);

  // Calls `work` with each loop's invoker, on its loop, and waits for all. What another loop hands
  // to `first` after its own part comes after the part of `first`.
  template <class F>
  void on_every_loop(F&& work, Invoker* first = nullptr) {
    std::latch done(static_cast<ptrdiff_t>(invokers.size()));
    const auto post = [&](Invoker* target) {
      target->loop().post([&, target] {
        fenced("a loop's part", [&] { work(*target); });
        done.count_down();
      });
    };
    if (first != nullptr) post(first);
    for (auto& invoker : invokers)
      if (invoker.get() != first) post(invoker.get());
    done.wait();
  }

  // EventQueuePort
  void try_event(const store::StoredEvent& event, std::function<void(Outcome&&)> done) override;
  void deliver(const std::string& target_arn, const std::string& region, const Told& told,
               std::function<void(Result<void>)> done) override;
  void record(MetricPoint&& point) override { inbox.add(std::move(point)); }

  void warn(const std::string& line);
  // Whether what a target's ARN names is there. Control thread.
  Result<void> check_target(const InvokeRequest& request) const;
  // As Lambda's Invoke, which answers 404 before it accepts. Control thread.
  void accept_checked(InvokeRequest&& request, std::function<void(Result<void>)> done);
  // Log events for the function that a subscription filter names. Control thread.
  void deliver(logs::SubscribedBatch&& batch);
  void tell_alarm(const telemetry::Alarm& alarm, telemetry::AlarmState before);
  void tell_activity(const std::string& region, const scaling::Activity& activity);
  void record_filtered(logs::FilteredValue&& value);
  // What every part counted since the last time.
  void collect_metrics(std::vector<MetricPoint>& out);

  // The parts, in the order in which they stand on each other.
  Result<void> start_control();
  Result<void> make_books();
  Result<void> load_documents();
  void make_notifier();
  void make_control_loop();
  void make_log_tap();

  // The invoker of the loop that this is called on.
  Invoker& here();
};

}  // namespace kiln::engine
