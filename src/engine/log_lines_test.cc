#include "engine/log_lines.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

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

// The types of the events in a text of one or more lines.
std::vector<std::string> types_of(const std::string& lines) {
  std::vector<std::string> types;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);)
    types.push_back(nlohmann::json::parse(line)["type"]);
  return types;
}

// By AWS's table of the levels of system log events.
TEST(LogLines, LevelsOfJsonEvents) {
  using Types = std::vector<std::string>;
  const Types init{"platform.initRuntimeDone", "platform.initReport"};
  const Types report{"platform.runtimeDone", "platform.report"};
  for (const std::string level : {"DEBUG", "INFO", "WARN"}) {
    SCOPED_TRACE(level);
    const model::LoggingConfig config{model::LogFormat::kJson, "INFO", level, {}};
    const LogLines lines(config, "on-demand"), provisioned(config, "provisioned-concurrency");
    const bool debug = level == "DEBUG", info = level != "WARN";
    ReportFacts good{"id", 3.01, -1, 128, 36, {}, {}, {}, {}}, handled = good, failed = good;
    handled.handled_error_type = "Function.Exception";
    failed.status = "timeout";
    EXPECT_EQ(types_of(report_of(lines, good)),
              debug ? report : (info ? Types{"platform.report"} : Types{}));
    EXPECT_EQ(types_of(report_of(lines, handled)), report);
    EXPECT_EQ(types_of(report_of(lines, failed)), report);
    EXPECT_EQ(types_of(lines.init_report(9, "init", {}, {}, {})), debug ? init : Types{});
    EXPECT_EQ(types_of(provisioned.init_report(9, "init", {}, {}, {})),
              debug ? init : (info ? Types{"platform.initReport"} : Types{}));
    EXPECT_EQ(types_of(lines.init_report(9, "init", "error", "Runtime.ExitError", {})), init);
    EXPECT_EQ(types_of(lines.restore_end(1, "timeout", {}, {})),
              (Types{"platform.restoreRuntimeDone", "platform.restoreReport"}));
  }
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
  config.logging.change().system_level = "DEBUG";
  EXPECT_EQ(types_of(json.restore_end(4.1, {}, {}, {})),
            (std::vector<std::string>{"platform.restoreRuntimeDone", "platform.restoreReport"}));
  config.logging.change().system_level = "INFO";
  const auto report = nlohmann::json::parse(json.restore_end(4.1, {}, {}, {}));
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
