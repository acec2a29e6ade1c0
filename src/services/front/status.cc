#include "services/front/status.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/fence.h"
#include "base/json_access.h"
#include "engine/control_loop.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using telemetry::AlarmState;

constexpr int64_t kMinute = 60;
constexpr int kMinutesOfDurations = 5;

json optional_number(const std::optional<double>& value) { return value ? json(*value) : json(); }

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return out;
}

// One metric family: its samples follow its head.
class Family {
 public:
  Family(std::string& out, const char* name, const char* type, const char* help)
      : out_(out), name_(name) {
    out_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  void add(const std::string& labels, double value) {
    out_ += labels.empty() ? fmt::format("{} {}\n", name_, value)
                           : fmt::format("{}{{{}}} {}\n", name_, labels, value);
  }

 private:
  std::string& out_;
  const char* name_;
};

std::string labels_of(const Snapshot::Function& f) {
  return fmt::format("region=\"{}\",function=\"{}\"", escaped(f.status.region),
                     escaped(f.status.name));
}

json large_requests(const net::ConnectionCounts& counts) {
  return {{"dropped", counts.requests_dropped}, {"refused", counts.requests_refused}};
}

}  // namespace

json status_document(const Snapshot& snapshot) {
  json functions = json::array();
  for (const Snapshot::Function& f : snapshot.functions) {
    const engine::FunctionStatus& s = f.status;
    functions.push_back({{"region", s.region},
                         {"name", s.name},
                         {"inUse", s.in_use},
                         {"reserved", s.reserved ? json(*s.reserved) : json()},
                         {"provisionedConfigured", s.provisioned_configured},
                         {"provisionedReady", s.provisioned_ready},
                         {"environments", s.environments},
                         {"idle", s.idle},
                         {"invocations", s.invocations},
                         {"errors", s.errors},
                         {"throttles", s.throttles},
                         {"coldStarts", s.cold_starts},
                         {"p50Ms", optional_number(f.p50_ms)},
                         {"p99Ms", optional_number(f.p99_ms)}});
  }
  json alarms = json::array();
  for (const Snapshot::Alarm& a : snapshot.alarms)
    alarms.push_back({{"region", a.region},
                      {"name", a.name},
                      {"state", to_text(a.state)},
                      {"reason", a.reason}});
  return {{"functions", std::move(functions)},
          {"alarms", std::move(alarms)},
          {"queuedEvents", snapshot.queued_events},
          {"internalErrors", snapshot.internal_errors},
          {"largeRequests",
           {{"callers", large_requests(snapshot.connections)},
            {"functions", large_requests(snapshot.runtime_connections)}}},
          {"version", KILN_VERSION},
          {"accountConcurrency", snapshot.account_concurrency},
          {"speed", snapshot.speed},
          {"idleLifetimeSeconds", to_ms(snapshot.idle_lifetime) / 1000},
          {"provisioningDelaySeconds", to_ms(snapshot.provisioning_delay) / 1000},
          {"machineTime", epoch_s(snapshot.machine_time)},
          {"metricTime", epoch_s(snapshot.metric_time)},
          {"process", snapshot.process},
          {"dataDir", snapshot.data_dir}};
}

std::string prometheus_text(const Snapshot& snapshot) {
  std::string out;
  const auto each = [&](const char* name, const char* type, const char* help, auto&& value) {
    Family family(out, name, type, help);
    for (const Snapshot::Function& f : snapshot.functions) {
      const std::optional<double> v = value(f.status);
      if (v) family.add(labels_of(f), *v);
    }
  };
  using Status = engine::FunctionStatus;
  const auto number = [](auto member) {
    return
        [member](const Status& s) { return std::optional<double>(static_cast<double>(s.*member)); };
  };
  each("kiln_function_concurrent_executions", "gauge", "Invocations that are running.",
       number(&Status::in_use));
  each("kiln_function_reserved_concurrency", "gauge", "Reserved concurrency, where it is set.",
       [](const Status& s) {
         return s.reserved ? std::optional<double>(*s.reserved) : std::nullopt;
       });
  each("kiln_function_provisioned_concurrency", "gauge", "Provisioned concurrency, as configured.",
       number(&Status::provisioned_configured));
  each("kiln_function_provisioned_ready", "gauge", "Provisioned environments that are ready.",
       number(&Status::provisioned_ready));
  each("kiln_function_environments", "gauge", "Execution environments.",
       number(&Status::environments));
  each("kiln_function_idle_environments", "gauge", "Warm execution environments without work.",
       number(&Status::idle));
  each("kiln_function_invocations_total", "counter", "Invocations that were started.",
       number(&Status::invocations));
  each("kiln_function_errors_total", "counter", "Invocations that ended in a function error.",
       number(&Status::errors));
  each("kiln_function_throttles_total", "counter", "Invocations that were throttled.",
       number(&Status::throttles));
  each("kiln_function_cold_starts_total", "counter", "Environments started for an invocation.",
       number(&Status::cold_starts));
  {
    Family family(out, "kiln_function_duration_seconds", "gauge",
                  "Percentiles of Duration over the last five metric minutes.");
    for (const Snapshot::Function& f : snapshot.functions) {
      if (f.p50_ms) family.add(labels_of(f) + ",quantile=\"0.5\"", *f.p50_ms / 1000);
      if (f.p99_ms) family.add(labels_of(f) + ",quantile=\"0.99\"", *f.p99_ms / 1000);
    }
  }
  {
    Family family(out, "kiln_alarm_state", "gauge", "1 for the state that the alarm is in.");
    for (const Snapshot::Alarm& a : snapshot.alarms)
      for (const AlarmState state :
           {AlarmState::kOk, AlarmState::kAlarm, AlarmState::kInsufficientData})
        family.add(fmt::format("region=\"{}\",alarm=\"{}\",state=\"{}\"", escaped(a.region),
                               escaped(a.name), to_text(state)),
                   a.state == state ? 1 : 0);
  }
  Family(out, "kiln_async_events_queued", "gauge",
         "Asynchronous invocations accepted and not ended.")
      .add("", static_cast<double>(snapshot.queued_events));
  Family(out, "kiln_internal_errors_total", "counter",
         "Defects of Kiln's that ended one request or step.")
      .add("", static_cast<double>(snapshot.internal_errors));
  Family(out, "kiln_connections", "gauge", "Connections of callers that are open.")
      .add("", static_cast<double>(snapshot.connections.open));
  Family(out, "kiln_connections_dropped_total", "counter",
         "Connections that waited, closed to make room for others.")
      .add("", static_cast<double>(snapshot.connections.dropped));
  Family(out, "kiln_connections_refused_total", "counter",
         "Connections refused because each of the others was being worked on.")
      .add("", static_cast<double>(snapshot.connections.refused));
  const auto large = [&](const char* name, const char* help, auto member) {
    Family family(out, name, "counter", help);
    family.add("from=\"callers\"", static_cast<double>(snapshot.connections.*member));
    family.add("from=\"functions\"", static_cast<double>(snapshot.runtime_connections.*member));
  };
  large("kiln_large_requests_dropped_total",
        "Large requests and answers on their way, closed to make room for another.",
        &net::ConnectionCounts::requests_dropped);
  large("kiln_large_requests_refused_total",
        "Large requests answered 503, and answers broken off, for lack of room.",
        &net::ConnectionCounts::requests_refused);
  return out;
}

Snapshot StatusService::take() {
  Snapshot out;
  telemetry::MetricStore& metrics = engine_.control_loop().metrics();
  const int64_t now_s = epoch_s(engine_.metric_clock().wall_now());
  const int64_t start_s = now_s / kMinute * kMinute - (kMinutesOfDurations - 1) * kMinute;
  const auto percentile = [&](const engine::FunctionStatus& s, const char* stat) {
    const auto series = metrics.read(
        {{s.region, "AWS/Lambda", "Duration", {{"FunctionName", s.name}}},
         static_cast<int>(kMinutesOfDurations * kMinute),
         stat,
         ""},
        start_s, start_s + kMinutesOfDurations * kMinute, telemetry::MetricStore::Align::kStart);
    return series.points.empty() ? std::optional<double>() : series.points.begin()->second;
  };
  for (engine::FunctionStatus& status : engine_.status()) {
    Snapshot::Function f;
    f.p50_ms = percentile(status, "p50");
    f.p99_ms = percentile(status, "p99");
    f.status = std::move(status);
    out.functions.push_back(std::move(f));
  }
  std::sort(out.functions.begin(), out.functions.end(), [](const auto& a, const auto& b) {
    return std::tie(a.status.region, a.status.name) < std::tie(b.status.region, b.status.name);
  });
  for (const auto& [region, alarms] : engine_.control_loop().alarms().all())
    for (const auto& [name, alarm] : alarms)
      out.alarms.push_back({region, name, alarm.status.state, alarm.status.reason});
  out.queued_events = engine_.queued_events();
  out.internal_errors = internal_errors();
  if (connections_) out.connections = connections_();
  out.runtime_connections = engine_.runtime_connections();
  out.account_concurrency = engine_.options().quota.concurrency;
  out.speed = engine_.options().speed;
  out.idle_lifetime = engine_.options().idle_lifetime;
  out.provisioning_delay = engine_.options().provisioning_delay;
  out.machine_time = engine_.clock().wall_now();
  out.metric_time = engine_.metric_clock().wall_now();
  out.process = ::getpid();
  out.data_dir = engine_.options().data_dir;
  return out;
}

void StatusService::handle(StatusFormat format, Reply reply) {
  engine_.post_control([this, format, reply = std::move(reply)] {
    const Snapshot snapshot = take();
    net::Response response;
    if (format == StatusFormat::kJson) {
      response.body = json_dump(status_document(snapshot));
    } else {
      response.content_type = "text/plain; version=0.0.4; charset=utf-8";
      response.body = prometheus_text(snapshot);
    }
    reply(std::move(response));
  });
}

}  // namespace kiln::services
