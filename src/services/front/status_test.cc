// The snapshot of what Kiln is doing, for people and for Prometheus.
#include "services/front/status.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

namespace kiln::services {
namespace {

using nlohmann::json;

Snapshot::Function function(const std::string& name) {
  Snapshot::Function f;
  f.status.region = "eu-west-1";
  f.status.name = name;
  f.status.in_use = 2;
  f.status.provisioned_configured = 3;
  f.status.provisioned_ready = 1;
  f.status.environments = 5;
  f.status.idle = 4;
  f.status.invocations = 10;
  f.status.errors = 6;
  f.status.throttles = 7;
  f.status.cold_starts = 8;
  return f;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

bool has_line(const std::string& text, const std::string& line) {
  const auto all = lines(text);
  return std::find(all.begin(), all.end(), line) != all.end();
}

TEST(Status, JsonOfNothing) {
  EXPECT_EQ(status_document({}), json({{"functions", json::array()},
                                       {"alarms", json::array()},
                                       {"queuedEvents", 0},
                                       {"internalErrors", 0},
                                       {"largeRequests",
                                        {{"callers", {{"dropped", 0}, {"refused", 0}}},
                                         {"functions", {{"dropped", 0}, {"refused", 0}}}}},
                                       {"version", KILN_VERSION},
                                       {"accountConcurrency", 0},
                                       {"speed", 1.0},
                                       {"idleLifetimeSeconds", 0.0},
                                       {"provisioningDelaySeconds", 0.0},
                                       {"machineTime", 0},
                                       {"metricTime", 0},
                                       {"process", 0},
                                       {"dataDir", ""}}));
}

TEST(Status, JsonDocument) {
  Snapshot snapshot;
  snapshot.functions.push_back(function("f"));
  snapshot.functions.push_back(function("g"));
  snapshot.functions[1].status.reserved = 9;
  snapshot.functions[1].p50_ms = 1.5;
  snapshot.functions[1].p99_ms = 20;
  snapshot.alarms.push_back({"eu-west-1", "a", telemetry::AlarmState::kAlarm, "why"});
  snapshot.queued_events = 11;
  snapshot.internal_errors = 3;
  snapshot.connections.requests_dropped = 4;
  snapshot.runtime_connections.requests_refused = 5;
  snapshot.speed = 60;
  const json document = status_document(snapshot);
  EXPECT_EQ(document["functions"][0], json({{"region", "eu-west-1"},
                                            {"name", "f"},
                                            {"inUse", 2},
                                            {"reserved", nullptr},
                                            {"provisionedConfigured", 3},
                                            {"provisionedReady", 1},
                                            {"environments", 5},
                                            {"idle", 4},
                                            {"invocations", 10},
                                            {"errors", 6},
                                            {"throttles", 7},
                                            {"coldStarts", 8},
                                            {"p50Ms", nullptr},
                                            {"p99Ms", nullptr}}));
  EXPECT_EQ(document["functions"][1]["reserved"], 9);
  EXPECT_EQ(document["functions"][1]["p50Ms"], 1.5);
  EXPECT_EQ(document["functions"][1]["p99Ms"], 20);
  EXPECT_EQ(document["alarms"],
            json::array(
                {{{"region", "eu-west-1"}, {"name", "a"}, {"state", "ALARM"}, {"reason", "why"}}}));
  EXPECT_EQ(document["queuedEvents"], 11);
  EXPECT_EQ(document["internalErrors"], 3);
  EXPECT_EQ(document["largeRequests"], json({{"callers", {{"dropped", 4}, {"refused", 0}}},
                                             {"functions", {{"dropped", 0}, {"refused", 5}}}}));
  EXPECT_EQ(document["speed"], 60);
}

TEST(Status, PrometheusSamples) {
  Snapshot snapshot;
  snapshot.functions.push_back(function("f"));
  snapshot.functions.push_back(function("g"));
  snapshot.functions[1].status.reserved = 0;
  snapshot.functions[1].p50_ms = 1.5;
  snapshot.functions[1].p99_ms = 20;
  snapshot.alarms.push_back({"eu-west-1", "a", telemetry::AlarmState::kOk, ""});
  snapshot.queued_events = 11;
  snapshot.internal_errors = 3;
  snapshot.connections.requests_dropped = 4;
  snapshot.connections.requests_refused = 5;
  snapshot.runtime_connections.requests_dropped = 6;
  snapshot.runtime_connections.requests_refused = 7;
  const std::string text = prometheus_text(snapshot);
  for (
      const char* line : {
          R"(kiln_function_concurrent_executions{region="eu-west-1",function="f"} 2)",
          R"(kiln_function_provisioned_concurrency{region="eu-west-1",function="f"} 3)",
          R"(kiln_function_provisioned_ready{region="eu-west-1",function="f"} 1)",
          R"(kiln_function_environments{region="eu-west-1",function="f"} 5)",
          R"(kiln_function_idle_environments{region="eu-west-1",function="f"} 4)",
          R"(kiln_function_invocations_total{region="eu-west-1",function="f"} 10)",
          R"(kiln_function_errors_total{region="eu-west-1",function="f"} 6)",
          R"(kiln_function_throttles_total{region="eu-west-1",function="f"} 7)",
          R"(kiln_function_cold_starts_total{region="eu-west-1",function="f"} 8)",
          R"(kiln_function_reserved_concurrency{region="eu-west-1",function="g"} 0)",
          R"(kiln_function_duration_seconds{region="eu-west-1",function="g",quantile="0.5"} 0.0015)",
          R"(kiln_function_duration_seconds{region="eu-west-1",function="g",quantile="0.99"} 0.02)",
          R"(kiln_alarm_state{region="eu-west-1",alarm="a",state="OK"} 1)",
          R"(kiln_alarm_state{region="eu-west-1",alarm="a",state="ALARM"} 0)",
          R"(kiln_alarm_state{region="eu-west-1",alarm="a",state="INSUFFICIENT_DATA"} 0)",
          "kiln_async_events_queued 11",
          "kiln_internal_errors_total 3",
          R"(kiln_large_requests_dropped_total{from="callers"} 4)",
          R"(kiln_large_requests_refused_total{from="callers"} 5)",
          R"(kiln_large_requests_dropped_total{from="functions"} 6)",
          R"(kiln_large_requests_refused_total{from="functions"} 7)",
      }) {
    EXPECT_TRUE(has_line(text, line)) << line << "\n" << text;
  }
  // What a function doesn't have is left out.
  EXPECT_EQ(text.find(R"(kiln_function_reserved_concurrency{region="eu-west-1",function="f"})"),
            text.npos);
  EXPECT_EQ(text.find(R"(kiln_function_duration_seconds{region="eu-west-1",function="f")"),
            text.npos);
}

TEST(Status, PrometheusEscapesLabels) {
  Snapshot snapshot;
  snapshot.alarms.push_back({"eu-west-1", "say \"hi\"\\\nbye", telemetry::AlarmState::kAlarm, ""});
  EXPECT_TRUE(has_line(
      prometheus_text(snapshot),
      R"(kiln_alarm_state{region="eu-west-1",alarm="say \"hi\"\\\nbye",state="ALARM"} 1)"));
}

// Each family has its head once, before its samples; each line is a comment or NAME[{LABELS}]
// NUMBER.
TEST(Status, PrometheusFormat) {
  Snapshot snapshot;
  for (const char* name : {"f", "g", "{}"}) snapshot.functions.push_back(function(name));
  for (const char* name : {"a", "} 5"}) {
    snapshot.alarms.push_back({"eu-west-1", name, telemetry::AlarmState::kAlarm, ""});
  }
  const std::string text = prometheus_text(snapshot);
  EXPECT_TRUE(text.ends_with("\n"));
  std::string family;
  std::vector<std::string> seen;
  for (const std::string& line : lines(text)) {
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_EQ(std::count(seen.begin(), seen.end(), family), 0) << family;
      seen.push_back(family);
    } else if (line.starts_with("# TYPE ")) {
      EXPECT_TRUE(line == "# TYPE " + family + " gauge" || line == "# TYPE " + family + " counter")
          << line;
      EXPECT_EQ(family.ends_with("_total"), line.ends_with(" counter")) << line;
    } else {
      ASSERT_TRUE(line.starts_with(family)) << line;
      const char next = line[family.size()];
      EXPECT_TRUE(next == '{' || next == ' ') << line;
      size_t used = 0;
      const std::string number = line.substr(line.rfind(' ') + 1);
      EXPECT_TRUE(std::isfinite(std::stod(number, &used)) && used == number.size()) << line;
    }
  }
  EXPECT_GE(seen.size(), 12U);
}

}  // namespace
}  // namespace kiln::services
