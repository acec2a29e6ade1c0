#include "engine/log_lines.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kiln::engine {
namespace {

std::string start_of(const LogLines& lines) {
  std::string out;
  lines.start(out, "id", "$LATEST", {});
  return out;
}
std::string end_of(const LogLines& lines) {
  std::string out;
  lines.end(out, "id");
  return out;
}
std::string report_of(const LogLines& lines, const ReportFacts& facts) {
  std::string out;
  lines.report(out, facts, {});
  return out;
}

TEST(LogLines, TextAsAwsWritesIt) {
  const model::LoggingConfig text;
  const LogLines lines(text, "on-demand");
  EXPECT_EQ(start_of(lines), "START RequestId: id Version: $LATEST\n");
  EXPECT_EQ(end_of(lines), "END RequestId: id\n");
  ReportFacts f{"id", 3.01, -1, 128, 36, {}, {}, {}, {}};
  EXPECT_EQ(report_of(lines, f),
            "REPORT RequestId: id\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 "
            "MB\tMax Memory Used: 36 MB\t\n");
  f.init_ms = 110.1;
  EXPECT_EQ(report_of(lines, f),
            "REPORT RequestId: id\tDuration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 "
            "MB\tMax Memory Used: 36 "
            "MB\tInit Duration: 110.10 ms\t\n");
  f.status = "error";
  f.error_type = "Runtime.ExitError";
  EXPECT_TRUE(report_of(lines, f).ends_with(
      "\tInit Duration: 110.10 ms\tStatus: error\tError Type: Runtime.ExitError\n"));
  EXPECT_EQ(lines.init_report(9999.47, "init", "timeout", {}, {}),
            "INIT_REPORT Init Duration: 9999.47 ms\tPhase: init\tStatus: timeout\n");
  EXPECT_EQ(lines.init_start("python:3.13", "arn:aws:lambda:eu-west-1::runtime:abc", "$LATEST", {}),
            "INIT_START Runtime Version: python:3.13.v1\tRuntime Version ARN: "
            "arn:aws:lambda:eu-west-1::runtime:abc\n");
}

TEST(LogLines, ATracedReportHasALineOfItsTrace) {
  const model::LoggingConfig text, json{model::LogFormat::kJson, "INFO", "INFO", {}};
  ReportFacts f{"id", 3.01, -1, 128, 36, {}, {}, {}, {}};
  f.trace_id =
      "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a:0";
  EXPECT_TRUE(report_of(LogLines(text, "on-demand"), f)
                  .ends_with(" MB\t\nXRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\t"
                             "SegmentId: 53995c3f42cd8ad8\tSampled: true\t\n"));
  EXPECT_EQ(report_of(LogLines(json, "on-demand"), f).find("XRAY"), std::string::npos);
  f.trace_id = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0";
  EXPECT_TRUE(report_of(LogLines(text, "on-demand"), f).ends_with(" MB\t\n"));
}

TEST(LogLines, JsonEventsCarryTheSameFacts) {
  const model::LoggingConfig json{model::LogFormat::kJson, "INFO", "INFO", {}};
  const LogLines lines(json, "on-demand");
  EXPECT_EQ(end_of(lines), "");
  const auto report =
      nlohmann::json::parse(report_of(lines, {"id", 3.01, 1.5, 128, 36, {}, {}, {}, {}}));
  EXPECT_EQ(report["type"], "platform.report");
  EXPECT_EQ(report["record"]["metrics"]["billedDurationMs"], 5);
  EXPECT_EQ(report["record"]["metrics"]["initDurationMs"], 1.5);
  EXPECT_EQ(report["record"]["status"], "success");
}

TEST(LogLines, OfARestore) {
  model::FunctionConfig config;
  config.name = "f";
  config.version = "3";
  config.memory_mb = 256;
  const LogLines text(*config.logging, "snap-start");
  EXPECT_EQ(text.restore_start("python:3.13", "arn", config, "stream", {}),
            "RESTORE_START Runtime Version: python:3.13.v1\tRuntime Version ARN: arn\n");
  EXPECT_EQ(text.restore_end(1.5, {}, {}, {}), "");
  EXPECT_EQ(text.restore_end(1236.04, "timeout", {}, {}),
            "RESTORE_REPORT Restore Duration: 1236.04 ms\tStatus: timeout\n");
  EXPECT_EQ(text.restore_end(2.25, "error", "Runtime.ExitError", {}),
            "RESTORE_REPORT Restore Duration: 2.25 ms\tStatus: error\tError Type: "
            "Runtime.ExitError\n");
  ReportFacts facts{"id", 9.2, -1, 256, 36, {}, {}, {}, {}};
  facts.restore_ms = 4.1;
  EXPECT_EQ(report_of(text, facts),
            "REPORT RequestId: id\tDuration: 9.20 ms\tBilled Duration: 15 ms\tMemory Size: 256 "
            "MB\tMax Memory Used: 36 MB\tRestore Duration: 4.10 ms\tBilled Restore Duration: 5 "
            "ms\t\n");

  config.logging = model::LoggingConfig{model::LogFormat::kJson, "INFO", "INFO", {}};
  const LogLines json(*config.logging, "snap-start");
  const auto start =
      nlohmann::json::parse(json.restore_start("python:3.13", "arn", config, "stream", {}));
  EXPECT_EQ(start["type"], "platform.restoreStart");
  EXPECT_EQ(start["record"], nlohmann::json({{"runtimeVersion", "python:3.13.v1"},
                                             {"runtimeVersionArn", "arn"},
                                             {"functionName", "f"},
                                             {"functionVersion", "3"},
                                             {"instanceId", "stream"},
                                             {"instanceMaxMemory", 256}}));
  const std::string end = json.restore_end(4.1, {}, {}, {});
  const size_t line = end.find('\n') + 1;
  EXPECT_EQ(nlohmann::json::parse(end.substr(0, line))["type"], "platform.restoreRuntimeDone");
  const auto report = nlohmann::json::parse(end.substr(line));
  EXPECT_EQ(report["type"], "platform.restoreReport");
  EXPECT_EQ(report["record"],
            nlohmann::json({{"status", "success"}, {"metrics", {{"durationMs", 4.1}}}}));
  const auto whole = nlohmann::json::parse(report_of(json, facts));
  EXPECT_EQ(whole["record"]["metrics"]["restoreDurationMs"], 4.1);
  EXPECT_EQ(whole["record"]["metrics"]["billedDurationMs"], 15);
}

TEST(LogLines, SystemLevelWarnKeepsOnlyFailures) {
  const model::LoggingConfig json{model::LogFormat::kJson, "INFO", "WARN", {}};
  const LogLines lines(json, "on-demand");
  EXPECT_EQ(start_of(lines), "");
  EXPECT_EQ(report_of(lines, {"id", 1, -1, 128, 1, {}, {}, {}, {}}), "");
  EXPECT_NE(report_of(lines, {"id", 1, -1, 128, 1, "timeout", {}, {}, {}}), "");
}

}  // namespace
}  // namespace kiln::engine
