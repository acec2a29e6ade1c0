#include "kiln/middleware.h"

#include <sys/resource.h>

#include <cmath>

#include "kiln/log.h"
#include "kiln/metrics.h"
#include "sdk/core/error_document.h"
#include "sdk/core/text.h"

namespace kiln::sdk {
namespace {

double milliseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
}

// To the microsecond: that is what the sources have.
double rounded(double ms) { return std::round(ms * 1e3) / 1e3; }

rusage usage() {
  rusage result{};
  ::getrusage(RUSAGE_SELF, &result);
  return result;
}

// A whole number for a truth value, so that it can be summed.
double as_count(bool value) { return value ? 1 : 0; }

}  // namespace

void log_request(const Context& context) {
  log::info("request", {{"memory_limit_mb", context.memory_limit_mb},
                        {"remaining_time_ms", context.remaining_time().count()}});
}

std::string failure_answer() {
  const ExceptionInfo info = current_exception_info();
  log::error("request failed", {{"errorType", info.type},
                                {"errorMessage", std::string_view(info.message).substr(0, 4096)}});
  std::string body = "{\"success\":false,\"error\":";
  append_json_string(body, info.message);
  body += '}';
  std::string answer = "{\"statusCode\":500,\"body\":";
  append_json_string(answer, body);
  answer += '}';
  return answer;
}

Measurement::Measurement() : begin_(std::chrono::steady_clock::now()) {
  const rusage now = usage();
  user_ms_ = milliseconds(now.ru_utime);
  system_ms_ = milliseconds(now.ru_stime);
}

void Measurement::finish(std::string_view name_space, const Context& context, Start start,
                         Outcome outcome) const {
  const std::chrono::duration<double, std::milli> duration =
      std::chrono::steady_clock::now() - begin_;
  const rusage now = usage();
  const double user_ms = rounded(milliseconds(now.ru_utime) - user_ms_);
  const double system_ms = rounded(milliseconds(now.ru_stime) - system_ms_);
  const double used_mb = static_cast<double>(now.ru_maxrss) / 1024;
  try {
    Metrics metrics(name_space);
    if (!context.function_name.empty()) metrics.dimension("function_name", context.function_name);
    metrics.property("request_id", context.request_id);
    metrics.property("version", context.function_version);
    metrics.add("duration", rounded(duration.count()), Unit::kMilliseconds);
    metrics.add("cpu_user_time", user_ms, Unit::kMilliseconds);
    metrics.add("cpu_system_time", system_ms, Unit::kMilliseconds);
    metrics.add("cpu_total_time", rounded(user_ms + system_ms), Unit::kMilliseconds);
    metrics.add("used_memory_max", used_mb, Unit::kMegabytes);
    if (context.memory_limit_mb > 0) {
      metrics.add("total_memory", context.memory_limit_mb, Unit::kMegabytes);
      metrics.add("memory_utilization", 100 * used_mb / context.memory_limit_mb, Unit::kPercent);
    }
    metrics.add("cold_start", as_count(start == Start::kCold), Unit::kCount);
    metrics.add("errors", as_count(outcome == Outcome::kFailed), Unit::kCount);
  } catch (const std::exception& e) {
    // Measuring never spoils an answer.
    log::warn("the invocation could not be measured", {{"error", e.what()}});
  }
}

}  // namespace kiln::sdk
