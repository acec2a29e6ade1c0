// Timeouts of functions against those of what calls them, and of what is told to them.
#include <algorithm>
#include <array>
#include <charconv>

#include "base/arn.h"
#include "base/ascii.h"
#include "lint/rule_functions.h"

namespace kiln::lint {
namespace {

using std::string_view_literals::operator""sv;

constexpr int64_t kDefaultVisibility = 30;
constexpr int64_t kVisibilityFactor = 6;
constexpr int64_t kRestApiMs = 29'000,  // and a WebSocket API's
    kHttpApiMs = 30'000;

// Names of environment variables that limit the work of one invocation, without their unit.
constexpr std::array<std::string_view, 5> kTimeLimits = {
    "MAX_PROCESSING_TIME", "PROCESSING_TIME_LIMIT", "MAX_EXECUTION_TIME", "TIMEOUT", "TIME_LIMIT"};
// Timeouts that outlive an invocation.
constexpr std::array kOutlives = {
    "SESSION"sv,        "CACHE"sv,    "IDLE"sv,  "VISIBILITY"sv, "TOKEN"sv,     "LOCK"sv,
    "LEASE"sv,          "KEEP"sv,     "TTL"sv,   "LOGIN"sv,      "COOKIE"sv,    "DRAIN"sv,
    "DEREGISTRATION"sv, "SHUTDOWN"sv, "GRACE"sv, "EXPIR"sv,      "HEARTBEAT"sv, "COOLDOWN"sv,
    "ROTATION"sv,       "WORKFLOW"sv, "DEPLOY"sv};

struct Unit {
  std::string_view suffix;
  int64_t per_second;
};
constexpr Unit kUnits[] = {{"_MILLISECONDS", 1000},
                           {"_MILLIS", 1000},
                           {"_MS", 1000},
                           {"_SECONDS", 1},
                           {"_SECS", 1},
                           {"_SEC", 1},
                           {"_S", 1}};

struct TimeLimit {
  int64_t value = 0;
  int64_t per_second = 0;  // 0: the name has no unit
};

std::optional<int64_t> whole_number(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

std::optional<TimeLimit> time_limit(std::string name, const Setting<std::string>& setting) {
  const std::optional<std::string> text = setting.value();
  const std::optional<int64_t> value = text ? whole_number(*text) : std::nullopt;
  if (!value) return std::nullopt;
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return ascii::upper(c); });
  TimeLimit limit{*value, 0};
  for (const Unit& unit : kUnits) {
    if (!name.ends_with(unit.suffix)) continue;
    name.resize(name.size() - unit.suffix.size());
    limit.per_second = unit.per_second;
    break;
  }
  const auto ends = [&](std::string_view word) { return name.ends_with(word); };
  const auto holds = [&](std::string_view word) { return name.find(word) != std::string::npos; };
  if (!std::any_of(kTimeLimits.begin(), kTimeLimits.end(), ends)) return std::nullopt;
  if (std::any_of(kOutlives.begin(), kOutlives.end(), holds)) return std::nullopt;
  return limit;
}

}  // namespace

void time_limit_above_timeout(const Model& model, const Circumstances&, Report& report) {
  for (const Function& function : model.functions) {
    const std::optional<int64_t> timeout = function.timeout_s.value_or(kDefaultTimeout);
    if (!timeout) continue;
    for (const auto& [name, setting] : function.environment) {
      const std::optional<TimeLimit> limit = time_limit(name, setting);
      if (!limit) continue;
      // Without a unit it is above the timeout only if it is so in milliseconds too, or too small
      // for them.
      const bool may_be_ms = limit->per_second == 0 && limit->value >= 1000;
      const int64_t per_second = limit->per_second != 0 ? limit->per_second : may_be_ms ? 1000 : 1;
      if (limit->value <= *timeout * per_second) continue;
      report.add(function.origin, setting.place(),
                 name + " is " + n(limit->value) + (per_second == 1000 ? " ms, " : " s, ") +
                     function.origin.logical_id + " is ended after " + n(*timeout) + " s",
                 "keep it below the Timeout, so that the function stops by itself, or raise the "
                 "Timeout");
    }
  }
}

namespace {

const char* name_of(ApiIntegration::Kind kind) {
  switch (kind) {
    case ApiIntegration::Kind::kRest:
      return "the REST API";
    case ApiIntegration::Kind::kHttp:
      return "the HTTP API";
    case ApiIntegration::Kind::kWebSocket:
      break;
  }
  return "the WebSocket API";
}

}  // namespace

void timeout_above_api(const Model& model, const Circumstances&, Report& report) {
  for (const ApiIntegration& api : model.integrations) {
    if (!api.function) continue;
    const Function& function = model.functions[*api.function];
    const std::optional<int64_t> timeout = function.timeout_s.value_or(kDefaultTimeout);
    const bool is_http = api.kind == ApiIntegration::Kind::kHttp;
    const std::optional<int64_t> waits = api.timeout_ms.value_or(is_http ? kHttpApiMs : kRestApiMs);
    if (!timeout || !waits || *timeout * 1000 <= *waits) continue;
    report.add(api.origin, api.timeout_ms.is_known() ? api.timeout_ms.place() : api.origin.place,
               std::string(name_of(api.kind)) + " waits " + n(*waits) + " ms for " +
                   function.origin.logical_id + ", which may run for " + n(*timeout) +
                   " s: the caller gets an error while the function goes on and is billed",
               "set the Timeout to at most " + n(*waits / 1000) +
                   ", or invoke asynchronously what takes longer");
  }
}

void queue_visibility(const Model& model, const Circumstances&, Report& report) {
  for (const EventSource& source : model.event_sources) {
    if (!source.function || !source.source_arn.is_known()) continue;
    const Function& function = model.functions[*source.function];
    const std::optional<int64_t> timeout = function.timeout_s.value_or(kDefaultTimeout);
    const std::optional<int64_t> batching = source.batching_window_s.value_or(0);
    for (const Queue& queue : model.queues) {
      const std::string arn = *source.source_arn.value();
      const bool by_name = queue.name.is_known() && is_arn_of(arn, "sqs") &&
                           arn.ends_with(":" + *queue.name.value());
      if (arn != queue.arn && !by_name) continue;
      const std::optional<int64_t> visible = queue.visibility_s.value_or(kDefaultVisibility);
      if (!timeout || !batching || !visible) continue;
      const int64_t wanted = kVisibilityFactor * *timeout + *batching;
      if (*visible >= wanted) continue;
      const bool refused = *visible < *timeout;
      report.add(refused ? Severity::kError : Severity::kWarning, queue.origin,
                 queue.visibility_s.is_absent() ? queue.origin.place : queue.visibility_s.place(),
                 "messages of " + queue.origin.logical_id + " are hidden for " + n(*visible) +
                     " s, and " + function.origin.logical_id + " may take " + n(*timeout) + " s" +
                     (refused ? ": Lambda refuses the event source" : ""),
                 "set VisibilityTimeout to at least " + n(wanted) +
                     " (six times the Timeout, and the batching window)");
    }
  }
}

void queue_concurrency_above_reserved(const Model& model, const Circumstances&, Report& report) {
  for (const EventSource& source : model.event_sources) {
    if (!source.function) continue;
    const Function& function = model.functions[*source.function];
    const std::optional<int64_t> reserved = function.reserved.value();
    const std::optional<int64_t> most = source.max_concurrency.value();
    if (!reserved || !most || *most <= *reserved) continue;
    report.add(source.origin, source.max_concurrency.place(),
               "MaximumConcurrency " + n(*most) + " is above the " + n(*reserved) + " that " +
                   function.origin.logical_id + " reserves: the rest is throttled",
               "lower MaximumConcurrency to at most " + n(*reserved) + ", or reserve more");
  }
}

}  // namespace kiln::lint
