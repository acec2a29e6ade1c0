#include "handler.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "kiln/log.h"

namespace concurrency_controller {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kReserve{300};  // kept for the answer
constexpr int kDefaultPeriod = 5;
constexpr int kMaxPeriod = 24 * 60;
constexpr double kMaxEndTime = 4e9;  // seconds: the year 2096
constexpr double kDefaultDelay = 0.1;
constexpr double kMaxDelay = 900;  // as long as a function may run

// The caller's mistake, as opposed to a failure of ours.
class BadRequest : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

json answer(int status_code, const json& body) {
  return {{"statusCode", status_code},
          {"body", body.dump(-1, ' ', false, json::error_handler_t::replace)}};
}

std::string timestamp() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char day[32], out[48];
  std::strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(out, sizeof out, "%s.%03dZ", day, static_cast<int>(milliseconds));
  return out;
}

int period_of(const json& event) {
  const auto found = event.find("period_minutes");
  if (found == event.end()) return kDefaultPeriod;
  const bool whole = found->is_number_integer();
  if (!whole || *found < 1 || *found > kMaxPeriod) {
    throw BadRequest("'period_minutes' must be a whole number from 1 to " +
                     std::to_string(kMaxPeriod));
  }
  return found->get<int>();
}

// "end_time" in epoch seconds, for metrics whose clock is not this machine's; else now.
Window window_of(const json& event) {
  Window window{period_of(event), std::chrono::system_clock::now()};
  const auto found = event.find("end_time");
  if (found == event.end()) return window;
  if (!found->is_number() || *found < 0 || *found > kMaxEndTime)
    throw BadRequest("'end_time' must be a time in seconds since 1970");
  window.end = std::chrono::system_clock::time_point(
      std::chrono::milliseconds(static_cast<int64_t>(found->get<double>() * 1000)));
  return window;
}

// Resident memory of this process.
double memory_used_mb() {
  std::ifstream file("/proc/self/statm");
  double pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

Config Config::from_environment() {
  Config config;
  const auto read = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  config.function_name = read("AWS_LAMBDA_FUNCTION_NAME");
  if (const std::string level = read("PRIORITY_LEVEL"); !level.empty())
    config.priority_level = level;
  if (const std::string text = read("MAX_PROCESSING_TIME"); !text.empty()) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > 900) {
      throw std::invalid_argument("MAX_PROCESSING_TIME is '" + text +
                                  "'; it must be a whole number from 1 to 900");
    }
    config.max_processing_time = value;
  }
  return config;
}

Handler::Handler(Config config, OpenBackend open_backend, Sleep sleep)
    : config_(std::move(config)),
      backend_([this, open = std::move(open_backend)] { return open(budget_); }),
      sleep_(sleep ? std::move(sleep) : [](std::chrono::duration<double> time) {
        std::this_thread::sleep_for(time);
      }) {}

json Handler::handle(const json& event, const kiln::Context& context) {
  budget_ = std::max(context.remaining_time() - kReserve, std::chrono::milliseconds(0));
  kiln::log::info("request", {{"function_name", context.function_name},
                              {"priority_level", config_.priority_level},
                              {"memory_limit_mb", context.memory_limit_mb},
                              {"remaining_time_ms", context.remaining_time().count()}});
  try {
    if (!event.is_object()) throw BadRequest("the event must be a JSON object");
    json body = route(event, context);
    body["timestamp"] = timestamp();
    return answer(200, body);
  } catch (const BadRequest& e) {
    kiln::log::warn("bad request", {{"error", e.what()}});
    return answer(400, {{"success", false}, {"error", e.what()}, {"timestamp", timestamp()}});
  } catch (const std::exception& e) {
    kiln::log::error("request failed", {{"error", e.what()}});
    return answer(500, {{"success", false}, {"error", e.what()}, {"timestamp", timestamp()}});
  }
}

json Handler::route(const json& event, const kiln::Context& context) {
  const auto found = event.find("action");
  if (found != event.end() && !found->is_string()) throw BadRequest("'action' must be a text");
  const std::string action =
      found == event.end() ? "analyze_performance" : found->get<std::string>();
  if (action == "analyze_performance") {
    const Window window = window_of(event);
    const std::string function = function_of(event);
    const Metrics metrics = backend_->metrics(function, window);
    return {{"action", "performance_analysis"},
            {"analysis", analysis(event, metrics, backend_->capacity(function))}};
  }
  if (action == "optimize_concurrency") return optimize(event);
  if (action == "health_check") return health(context);
  return simulate(action, event);
}

std::string Handler::function_of(const json& event) const {
  const auto found = event.find("function_name");
  if (found == event.end()) {
    if (config_.function_name.empty())
      throw BadRequest("there is no function to look at: set 'function_name'");
    return config_.function_name;
  }
  if (!found->is_string() || *found == "")
    throw BadRequest("'function_name' must be a text that is not empty");
  return found->get<std::string>();
}

json Handler::analysis(const json& event, const Metrics& metrics, const Capacity& capacity) {
  const Analysis result = analyze(metrics, capacity, config_.max_processing_time);
  return {{"current_metrics", to_json(metrics)},
          {"performance_status", name_of(result.status)},
          {"alerts", result.alerts},
          {"recommendations", result.recommendations},
          {"utilization", capacity.utilization(metrics.concurrent_executions)},
          {"capacity", to_json(capacity)},
          {"period_minutes", period_of(event)}};
}

json Handler::optimize(const json& event) {
  const auto apply = event.find("apply");
  if (apply != event.end() && !apply->is_boolean())
    throw BadRequest("'apply' must be true or false");
  const Window window = window_of(event);
  const std::string function = function_of(event);
  const Metrics metrics = backend_->metrics(function, window);
  const Capacity capacity = backend_->capacity(function);
  const auto suggestion = suggest(metrics, capacity);

  json settings = to_json(capacity);
  settings["function_name"] = function;
  json optimization = {{"optimization_available", suggestion.has_value()},
                       {"recommendations", json::array()},
                       {"current_settings", settings},
                       {"applied", false}};
  if (suggestion) {
    optimization["recommendations"].push_back(to_json(*suggestion, capacity));
    if (apply != event.end() && *apply == true) {
      backend_->reserve(function, suggestion->suggested);
      kiln::log::info("reserved concurrency set", {{"target", function},
                                                   {"reserved", suggestion->suggested},
                                                   {"reason", suggestion->reason}});
      optimization["applied"] = true;
    }
  }
  return {{"action", "concurrency_optimization"},
          {"analysis", analysis(event, metrics, capacity)},
          {"optimization", optimization}};
}

json Handler::simulate(const std::string& action, const json& event) {
  const auto found = event.find("processing_delay");
  if (found != event.end() && (!found->is_number() || *found < 0 || *found > kMaxDelay)) {
    throw BadRequest("'processing_delay' must be a number of seconds from 0 to 900");
  }
  const double delay = found == event.end() ? kDefaultDelay : found->get<double>();
  const auto start = Clock::now();
  sleep_(std::chrono::duration<double>(delay));
  return {
      {"action", action}, {"processing_time", seconds_since(start)}, {"simulated_delay", delay}};
}

json Handler::health(const kiln::Context& context) const {
  const auto start = Clock::now();
  const double memory = memory_used_mb();
  return {{"action", "health_check"},
          {"status", "healthy"},
          {"function_name", std::string(context.function_name)},
          {"priority_level", config_.priority_level},
          {"processing_time", seconds_since(start)},
          {"memory_used_mb", memory},
          {"memory_limit_mb", context.memory_limit_mb},
          {"remaining_time_ms", context.remaining_time().count()}};
}

}  // namespace concurrency_controller
