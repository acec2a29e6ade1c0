#include "engine/log_lines.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "base/time_format.h"
#include "cost/usage.h"

namespace kiln::engine {
namespace {

using nlohmann::ordered_json;

std::string event(WallTime now, std::string_view type, ordered_json record) {
  ordered_json document = {
      {"time", format_iso_ms(now)}, {"type", type}, {"record", std::move(record)}};
  return json_dump(document) + "\n";
}

// The value of a field of a trace header.
std::string_view field_of(std::string_view header, std::string_view name) {
  const size_t at = header.find(name);
  if (at == std::string_view::npos) return {};
  const size_t begin = at + name.size();
  return header.substr(begin, header.find(';', begin) - begin);
}

// All of a Restore phase is the function's here; of AWS's a part is not billed.
int64_t billed(const ReportFacts& f) {
  const int64_t ran = cost::billed_ms(f.duration_ms, f.init_ms);
  return f.restore_ms < 0 ? ran : ran + cost::billed_ms(f.restore_ms, 0);
}

void report_text(std::string& line, const ReportFacts& f) {
  const auto out = std::back_inserter(line);
  fmt::format_to(out,
                 FMT_COMPILE("REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {} "
                             "ms\tMemory Size: {} MB\tMax Memory Used: {} MB"),
                 f.request_id, f.duration_ms, billed(f), f.memory_mb, f.max_memory_mb);
  if (f.init_ms >= 0) fmt::format_to(out, "\tInit Duration: {:.2f} ms", f.init_ms);
  if (f.restore_ms >= 0)
    fmt::format_to(out, "\tRestore Duration: {:.2f} ms\tBilled Restore Duration: {} ms",
                   f.restore_ms, cost::billed_ms(f.restore_ms, 0));
  if (!f.status.empty()) fmt::format_to(out, "\tStatus: {}", f.status);
  if (!f.error_type.empty()) fmt::format_to(out, "\tError Type: {}", f.error_type);
  // A line without status ends in a tab, as AWS writes it.
  if (f.status.empty()) line += '\t';
  line += '\n';
  if (is_traced(f.trace_id))
    fmt::format_to(out, "XRAY TraceId: {}\tSegmentId: {}\tSampled: true\t\n",
                   field_of(f.trace_id, "Root="), field_of(f.trace_id, "Parent="));
}

double rounded(double ms) { return std::round(ms * 1000) / 1000; }

}  // namespace

bool is_traced(std::string_view trace_id) {
  return trace_id.find(";Sampled=1") != std::string_view::npos;
}

bool LogLines::wanted() const { return config_.system_level != "WARN"; }
bool LogLines::debug() const { return json() && config_.system_level == "DEBUG"; }

std::string LogLines::init_start(std::string_view runtime, std::string_view arn,
                                 std::string_view version, WallTime now) const {
  // AWS puts the runtime's patch version here; this one stands for the machine's own.
  const std::string runtime_version = fmt::format("{}.v1", runtime);
  if (!json())
    return fmt::format("INIT_START Runtime Version: {}\tRuntime Version ARN: {}\n", runtime_version,
                       arn);
  if (!wanted()) return {};
  return event(now, "platform.initStart",
               {{"initializationType", initialization_type_},
                {"phase", "init"},
                {"runtimeVersion", runtime_version},
                {"runtimeVersionArn", arn},
                {"functionVersion", version}});
}

std::string LogLines::extension(std::string_view name, const std::vector<std::string>& events,
                                WallTime now) const {
  if (!json())
    return fmt::format("EXTENSION\tName: {}\tState: Ready\tEvents: [{}]\n", name,
                       fmt::join(events, ", "));
  if (!wanted()) return {};
  return event(now, "platform.extension", {{"name", name}, {"state", "Ready"}, {"events", events}});
}

std::string LogLines::init_report(double init_ms, std::string_view phase, std::string_view status,
                                  std::string_view error_type, WallTime now) const {
  if (json()) {
    const bool failed = !status.empty();
    ordered_json record = {{"initializationType", initialization_type_},
                           {"phase", phase},
                           {"status", failed ? status : "success"}};
    if (!error_type.empty()) record["errorType"] = error_type;
    std::string lines;
    if (failed || debug()) lines = event(now, "platform.initRuntimeDone", record);
    record["metrics"] = {{"durationMs", rounded(init_ms)}};
    if (failed || debug() || (initialization_type_ != "on-demand" && wanted()))
      lines += event(now, "platform.initReport", std::move(record));
    return lines;
  }
  std::string line = fmt::format("INIT_REPORT Init Duration: {:.2f} ms\tPhase: {}", init_ms, phase);
  if (!status.empty()) line += fmt::format("\tStatus: {}", status);
  if (!error_type.empty()) line += fmt::format("\tError Type: {}", error_type);
  return line + "\n";
}

std::string LogLines::restore_start(std::string_view runtime, std::string_view arn,
                                    const model::FunctionConfig& config, std::string_view instance,
                                    WallTime now) const {
  const std::string runtime_version = fmt::format("{}.v1", runtime);
  if (!json())
    return fmt::format("RESTORE_START Runtime Version: {}\tRuntime Version ARN: {}\n",
                       runtime_version, arn);
  if (!wanted()) return {};
  return event(now, "platform.restoreStart",
               {{"runtimeVersion", runtime_version},
                {"runtimeVersionArn", arn},
                {"functionName", config.name},
                {"functionVersion", config.version},
                {"instanceId", instance},
                {"instanceMaxMemory", config.memory_mb}});
}

std::string LogLines::restore_end(double restore_ms, std::string_view status,
                                  std::string_view error_type, WallTime now) const {
  if (!json()) {
    if (status.empty()) return {};
    std::string line =
        fmt::format("RESTORE_REPORT Restore Duration: {:.2f} ms\tStatus: {}", restore_ms, status);
    if (!error_type.empty()) line += fmt::format("\tError Type: {}", error_type);
    return line + "\n";
  }
  if (!wanted() && status.empty()) return {};
  ordered_json done = {{"status", status.empty() ? "success" : status}};
  if (!error_type.empty()) done["errorType"] = error_type;
  ordered_json report = done;
  report["metrics"] = {{"durationMs", rounded(restore_ms)}};
  const bool tells_done = debug() || !status.empty();
  return (tells_done ? event(now, "platform.restoreRuntimeDone", std::move(done)) : std::string()) +
         event(now, "platform.restoreReport", std::move(report));
}

void LogLines::start(std::string& out, std::string_view request_id, std::string_view version,
                     WallTime now) const {
  if (!json()) {
    out.append("START RequestId: ").append(request_id).append(" Version: ").append(version);
    out += '\n';
  } else if (wanted()) {
    out += event(now, "platform.start", {{"requestId", request_id}, {"version", version}});
  }
}

void LogLines::end(std::string& out, std::string_view request_id) const {
  if (!json()) out.append("END RequestId: ").append(request_id).append("\n");
}

void LogLines::report(std::string& out, const ReportFacts& f, WallTime now) const {
  if (!json()) return report_text(out, f);
  const bool failed = !f.status.empty() || !f.handled_error_type.empty();
  if (!wanted() && !failed) return;
  ordered_json metrics = {{"durationMs", rounded(f.duration_ms)},
                          {"billedDurationMs", billed(f)},
                          {"memorySizeMB", f.memory_mb},
                          {"maxMemoryUsedMB", f.max_memory_mb}};
  if (f.init_ms >= 0) metrics["initDurationMs"] = rounded(f.init_ms);
  if (f.restore_ms >= 0) {
    metrics["restoreDurationMs"] = rounded(f.restore_ms);
    metrics["billedRestoreDurationMs"] = cost::billed_ms(f.restore_ms, 0);
  }
  ordered_json record = {{"requestId", f.request_id}};
  record["status"] = !f.status.empty()               ? f.status
                     : !f.handled_error_type.empty() ? "error"
                                                     : "success";
  if (!f.handled_error_type.empty()) record["errorType"] = f.handled_error_type;
  if (!f.error_type.empty()) record["errorType"] = f.error_type;
  if (!f.trace_id.empty()) record["tracing"] = {{"type", "X-Amzn-Trace-Id"}, {"value", f.trace_id}};
  if (failed || debug()) {
    ordered_json done = record;
    done["metrics"] = {{"durationMs", rounded(f.duration_ms)}};
    out += event(now, "platform.runtimeDone", std::move(done));
  }
  record["metrics"] = std::move(metrics);
  out += event(now, "platform.report", std::move(record));
}

}  // namespace kiln::engine
