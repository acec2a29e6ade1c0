#include "handler.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "calculation.h"
#include "kiln/log.h"

namespace cpu_optimized {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;
using kiln::parallel::Mode;

constexpr size_t kMaxNumbers = 40'000;  // their results fill an answer of 6 MB
constexpr uint64_t kDefaultNumbers = 100;
constexpr size_t kMaxTasks = 1000;
constexpr size_t kDefaultTestSize = 1000;
constexpr size_t kMaxTestSize = 100'000;
constexpr uint64_t kBenchmarkNumbers = 20;

// The caller's mistake, as opposed to a failure of ours.
class BadRequest : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class OutOfTime : public std::runtime_error {
 public:
  OutOfTime() : std::runtime_error(kMessage) {}
  static constexpr char kMessage[] = "not begun: the invocation is about to end";
};

json answer(int status_code, const json& body) {
  return {{"statusCode", status_code},
          {"body", body.dump(-1, ' ', false, json::error_handler_t::replace)}};
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Time for work; the rest is for the answer.
milliseconds usable_time(const kiln::Context& context) {
  const milliseconds left = context.remaining_time();
  return left - std::min(milliseconds(1000), left / 5);
}

// The work for one number, as long as there is time.
class Work {
 public:
  explicit Work(const kiln::Context& context) : end_(Clock::now() + usable_time(context)) {}
  Calculation operator()(uint64_t number) const {
    if (Clock::now() >= end_) throw OutOfTime();
    return calculate(number);
  }
  Calculation operator()(const json* number) const {
    if (!number->is_number_integer() || *number < 0 || *number > kMaxNumber) {
      throw std::invalid_argument("not a whole number from 0 to " + std::to_string(kMaxNumber));
    }
    return (*this)(number->get<uint64_t>());
  }

 private:
  Clock::time_point end_;
};

json to_json(const Calculation& calculation) {
  return {{"input", calculation.input},
          {"fibonacci", calculation.fibonacci},
          {"is_prime", calculation.is_prime},
          {"sum_of_squares", calculation.sum_of_squares},
          {"processing_time", calculation.processing_time}};
}

json default_numbers() {
  std::vector<uint64_t> numbers(kDefaultNumbers);
  std::iota(numbers.begin(), numbers.end(), uint64_t{1});
  return numbers;
}

// Never a copy of what is in an event: copying is recursive, and an event may nest deeply.
const json& numbers_of(const json& event) {
  static const json kDefault = default_numbers();
  const auto found = event.find("numbers");
  if (found == event.end()) return kDefault;
  if (!found->is_array()) throw BadRequest("'numbers' must be an array");
  if (found->size() > kMaxNumbers) {
    throw BadRequest("'numbers' has " + std::to_string(found->size()) + " items; at most " +
                     std::to_string(kMaxNumbers) + " have results that fit into an answer");
  }
  return *found;
}

size_t test_size_of(const json& event) {
  const auto found = event.find("test_size");
  if (found == event.end()) return kDefaultTestSize;
  if (!found->is_number_integer() || *found < 1 || *found > kMaxTestSize) {
    throw BadRequest("'test_size' must be a whole number from 1 to " +
                     std::to_string(kMaxTestSize));
  }
  return found->get<size_t>();
}

Processes processes_of(const json& event) {
  const auto found = event.find("use_multiprocessing");
  if (found == event.end()) return Processes::kAllowed;
  if (!found->is_boolean()) throw BadRequest("'use_multiprocessing' must be true or false");
  return *found == true ? Processes::kAllowed : Processes::kNotAllowed;
}

}  // namespace

json Handler::handle(const json& event, const kiln::Context& context) {
  kiln::log::info("request", {{"memory_limit_mb", context.memory_limit_mb},
                              {"remaining_time_ms", context.remaining_time().count()}});
  try {
    if (!event.is_object()) throw BadRequest("the event must be a JSON object");
    return answer(200, route(event, context));
  } catch (const BadRequest& e) {
    kiln::log::warn("bad request", {{"error", e.what()}});
    return answer(400, {{"success", false}, {"error", e.what()}});
  } catch (const std::exception& e) {
    kiln::log::error("request failed", {{"error", e.what()}});
    return answer(500, {{"success", false}, {"error", e.what()}});
  }
}

json Handler::route(const json& event, const kiln::Context& context) {
  const auto found = event.find("action");
  if (found == event.end() || !found->is_string()) {
    throw BadRequest("'action' must be cpu_intensive_batch, async_tasks or performance_benchmark");
  }
  const auto& action = found->get_ref<const std::string&>();
  if (action == "cpu_intensive_batch") return cpu_intensive_batch(event, context);
  if (action == "async_tasks") return async_tasks(event, context);
  if (action == "performance_benchmark") return performance_benchmark(event, context);
  throw BadRequest("Unknown action: " + action.substr(0, 200));
}

json Handler::cpu_intensive_batch(const json& event, const kiln::Context& context) const {
  std::vector<const json*> items;
  for (const json& number : numbers_of(event)) items.push_back(&number);
  const auto start = Clock::now();
  const auto options = optimizer_.plan(items.size(), processes_of(event));
  const auto outcomes = kiln::parallel::map(items, Work(context), options);

  json results = json::array();
  size_t left_undone = 0;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    results.push_back(outcomes[i].value ? to_json(*outcomes[i].value) : json());
    if (outcomes[i].value) continue;
    if (outcomes[i].error == OutOfTime::kMessage) {
      ++left_undone;
    } else {
      kiln::log::error("an item failed", {{"index", i}, {"error", outcomes[i].error}});
    }
  }
  if (left_undone > 0) {
    kiln::log::error("items are left undone: the invocation is about to end",
                     {{"left_undone", left_undone}});
  }
  return {{"results", std::move(results)},       {"processing_time", seconds_since(start)},
          {"data_size", items.size()},           {"workers_used", options.workers},
          {"cpu_count", optimizer_.cpu_count()}, {"processing_mode", name_of(options.mode)}};
}

json Handler::async_tasks(const json& event, const kiln::Context& context) {
  const auto found = event.find("tasks");
  if (found == event.end() || !found->is_array()) throw BadRequest("'tasks' must be an array");
  if (found->size() > kMaxTasks) {
    throw BadRequest("'tasks' has " + std::to_string(found->size()) + " tasks; at most " +
                     std::to_string(kMaxTasks) + " go at once");
  }
  return tasks_.run(*found, usable_time(context));
}

json Handler::performance_benchmark(const json& event, const kiln::Context& context) const {
  const size_t size = test_size_of(event);
  std::vector<uint64_t> items(size);
  for (size_t i = 0; i < size; ++i) items[i] = i % kBenchmarkNumbers + 1;

  json results;
  for (const Mode mode : {Mode::kSequential, Mode::kThreads, Mode::kProcesses}) {
    const auto start = Clock::now();
    const auto outcomes =
        kiln::parallel::map(items, Work(context), {mode, optimizer_.workers(size)});
    const double seconds = seconds_since(start);
    const auto done = std::count_if(outcomes.begin(), outcomes.end(),
                                    [](const auto& outcome) { return outcome.value.has_value(); });
    results[name_of(mode)] = {{"total_time", seconds},
                              {"items_per_second", static_cast<double>(done) / seconds},
                              {"processing_mode", name_of(mode)},
                              {"items_done", done}};
  }
  return {
      {"test_size", size},
      {"cpu_info",
       {{"cpu_count", optimizer_.cpu_count()}, {"estimated_vcpus", optimizer_.estimated_vcpus()}}},
      {"benchmark_results", std::move(results)}};
}

}  // namespace cpu_optimized
