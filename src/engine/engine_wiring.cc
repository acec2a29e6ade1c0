// How the parts of the engine are joined: which one tells which.
#include <set>

#include "base/ids.h"
#include "base/memory_reserve.h"
#include "base/mutex.h"
#include "engine/engine_parts.h"
#include "engine/events.h"
#include "engine/stored_documents.h"
#include "model/names.h"

namespace kiln::engine {

void Engine::Impl::warn(const std::string& line) {
  events_log.write(note_event(Severity::kWarning, line, clock.wall_now()));
}

void Engine::Impl::tell_alarm(const telemetry::Alarm& alarm, telemetry::AlarmState before) {
  events_log.write(alarm_event(alarm.config.region, alarm.config.name, std::string(to_text(before)),
                               std::string(to_text(alarm.status.state)), alarm.status.reason,
                               clock.wall_now()));
}

void Engine::Impl::tell_activity(const std::string& region, const scaling::Activity& activity) {
  if (!activity.is_scaling()) return;
  const bool failed = activity.status == scaling::Activity::Status::kFailed;
  events_log.write(scaling_event(region, activity.resource.text(), activity.description, failed,
                                 clock.wall_now()));
}

// --- invocations that come from inside

void Engine::Impl::try_event(const store::StoredEvent& event, std::function<void(Outcome&&)> done) {
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
      outcome->stopping = reply.error.kind == ErrorKind::kUnavailable && !reply.error.type.empty();
      outcome->reply = std::move(reply);
      done(std::move(*outcome));
    });
  });
}

void Engine::Impl::deliver(const std::string& target_arn, const std::string& region,
                           const Told& told, std::function<void(Result<void>)> done) {
  targets->deliver(target_arn, region, {told.body, told.attributes, told.trace_header},
                   std::move(done));
}

Result<void> Engine::Impl::check_target(const InvokeRequest& request) const {
  const auto function = registry->find(request.region, request.function_name);
  if (function && model::resolve_qualifier(**function, request.qualifier, 1)) return {};
  return model::function_not_found({request.region, request.function_name, request.qualifier},
                                   options.account, model::Operation::kInvoke);
}

void Engine::Impl::accept_checked(InvokeRequest&& request, std::function<void(Result<void>)> done) {
  if (auto found = check_target(request); !found) return done(found);
  events->accept(std::move(request), std::move(done));
}

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
  accept_checked(std::move(request), lost);
}

// --- metrics

void Engine::Impl::record_filtered(logs::FilteredValue&& value) {
  MetricPoint point;
  point.key = {std::move(value.region), std::move(value.metric_namespace), std::move(value.name),
               std::move(value.dimensions)};
  point.unit = value.unit.empty() ? "None" : std::move(value.unit);
  point.time_s = value.minute_s;
  point.values.add(value.value);
  inbox.add(std::move(point));
}

void Engine::Impl::collect_metrics(std::vector<MetricPoint>& out) {
  Mutex mutex;
  on_every_loop([&](Invoker& invoker) {
    const MutexLock lock(mutex);
    invoker.collect(out);
  });
  if (log_tap->is_used()) {
    log_store->flush();
    log_tap->collect(epoch_ms(metric_clock.wall_now()) / 1000);
  }
  inbox.collect(out);
}

// --- the parts

void Engine::Impl::make_log_tap() {
  logs::LogTap::Ports ports;
  ports.record = [this](logs::FilteredValue&& value) { record_filtered(std::move(value)); };
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

Result<void> Engine::Impl::start_control() {
  if (auto made = make_books(); !made) return made;
  if (auto read = load_documents(); !read) return read;
  // What a killed engine left unfinished or unreferenced.
  const store::CodeStore::Hold since = code_store->hold_for_collect();
  std::set<std::string> used = registry->code_in_use();
  used.merge(layers->code_in_use());
  code_store->collect(used, since);
  make_notifier();
  make_control_loop();
  return {};
}

Result<void> Engine::Impl::make_books() {
  auto opened = store::MetricArchive::open(options.data_dir + "/metrics.db");
  if (!opened) return opened.error();
  archive = std::move(*opened);
  auto event_store = store::EventStore::open(options.data_dir + "/events.db");
  if (!event_store) return event_store.error();
  events = std::make_unique<EventQueue>(std::move(*event_store), *this, options.account, clock,
                                        metric_clock);
  alarms = std::make_unique<telemetry::AlarmBook>(options.account, *state);
  alarms->on_transition([this](const telemetry::Alarm& alarm, telemetry::AlarmState before) {
    tell_alarm(alarm, before);
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
    tell_activity(region, activity);
  };
  scaling = std::make_unique<scaling::ScalingBook>(options.account, *state, *alarms, *capacity,
                                                   std::move(scaling_options));
  return {};
}

// Services that keep documents themselves load them later: Engine::load_state.
Result<void> Engine::Impl::load_documents() {
  StoredDocuments stored([this](const std::string& line) { warn(line); });
  stored.add(telemetry::AlarmBook::owns, [this](const StoredDocument& d) {
    return alarms->load(d.kind, d.region, d.key, d.text);
  });
  stored.add(LayerBook::owns, [this](const StoredDocument& d) {
    return layers->load(d.kind, d.region, d.key, d.text);
  });
  stored.add(scaling::ScalingBook::owns, [this](const StoredDocument& d) {
    return scaling->load(d.kind, d.region, d.key, d.text);
  });
  stored.add(notify::TopicBook::owns,
             [this](const StoredDocument& d) { return topics->load(d.kind, d.text); });
  return documents->load_all([&stored](const std::string& kind, const std::string& region,
                                       const std::string& key, const std::string& text) {
    stored.load({kind, region, key, text});
  });
}

void Engine::Impl::make_notifier() {
  const auto sqs = options.forwards.find("sqs");
  queues =
      std::make_unique<QueueSender>(*control, sqs == options.forwards.end() ? "" : sqs->second);
  const auto accept = [this](InvokeRequest&& request, std::function<void(Result<void>)> done) {
    accept_checked(std::move(request), std::move(done));
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

void Engine::Impl::make_control_loop() {
  ControlLoop::Ports ports;
  ports.collect = [this](std::vector<MetricPoint>& out) { collect_metrics(out); };
  ports.act = [this](const telemetry::FiredAction& action, WallTime now) {
    return targets->act(action, now);
  };
  ports.each_minute = [this](WallTime now) {
    scaling->each_minute(now);
    give_back_memory();
  };
  ports.each_hour = [this](WallTime) {
    for (const auto& work : hourly) fenced("an hourly task", work);
  };
  control_loop =
      std::make_unique<ControlLoop>(*control, metric_clock, *archive, *alarms, std::move(ports));
  control->post([this] { control_loop->start(); });
}

}  // namespace kiln::engine
