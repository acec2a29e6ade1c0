#include "handler.h"

#include <malloc.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "kiln/batch_processor.h"
#include "kiln/json_scan.h"
#include "kiln/log.h"
#include "kiln/memory_profiler.h"

namespace memory_optimized {
namespace {

using nlohmann::json;

constexpr size_t kDefaultBatchSize = 1000;
constexpr double kDefaultTestSize = 100;  // MiB
constexpr double kMiB = 1024 * 1024;
constexpr size_t kTouchEvery = 1024;    // bytes
constexpr size_t kMaxSnapshots = 1000;  // an answer has 6 MB

// The caller's mistake, as opposed to a failure of ours.
class BadRequest : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::string print(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// A text or a number; objects and arrays, which may be large, are refused by the caller's check.
json scalar(std::string_view text) {
  if (text.front() == '{' || text.front() == '[') return json::array();
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) {
    throw BadRequest("the event is not JSON at '" + std::string(text.substr(0, 40)) + "'");
  }
  return value;
}

json to_report(const kiln::MemoryReport& report) {
  json out = report;
  json& snapshots = out["snapshots"];
  if (snapshots.size() > kMaxSnapshots) {
    const auto half = static_cast<json::difference_type>(kMaxSnapshots / 2);
    out["snapshots_left_out"] = snapshots.size() - kMaxSnapshots;
    snapshots.erase(snapshots.begin() + half, snapshots.end() - half);
  }
  return out;
}

// What the system takes beside the memory itself: page tables, the process's own needs.
double reserve_mb(double size_mb) { return 4 + size_mb / 128; }

// One write to each kilobyte, so that the system has to provide every page.
void touch(unsigned char* memory, size_t size) {
  volatile unsigned char* bytes = memory;
  for (size_t i = 0; i < size; i += kTouchEvery) bytes[i] = static_cast<unsigned char>(i);
}

}  // namespace

struct Handler::Request {
  std::optional<json> action;
  std::optional<json> batch_size;
  std::optional<json> test_size_mb;
  std::string_view data = "[]";
};

struct Handler::Answer {
  int status_code;
  json body;
};

Config Config::from_environment() {
  Config config;
  const char* set = std::getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
  if (!set || !*set) return config;
  const std::string_view text = set;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) {
    throw std::invalid_argument("AWS_LAMBDA_FUNCTION_MEMORY_SIZE is '" + std::string(text) +
                                "'; it must be a whole number of MiB from 1");
  }
  config.memory_limit_mb = value;
  return config;
}

std::string Handler::handle(std::string_view event, const kiln::Context& context) const {
  kiln::log::info("request", {{"memory_limit_mb", config_.memory_limit_mb},
                              {"remaining_time_ms", context.remaining_time().count()},
                              {"event_bytes", event.size()}});
  Answer answer{};
  try {
    answer = route(read(event));
  } catch (const BadRequest& e) {
    kiln::log::warn("bad request", {{"error", e.what()}});
    answer = {400, {{"success", false}, {"error", e.what()}}};
  } catch (const std::exception& e) {
    kiln::log::error("request failed", {{"error", e.what()}});
    answer = {500, {{"success", false}, {"error", e.what()}}};
  }
  return print({{"statusCode", answer.status_code}, {"body", print(answer.body)}});
}

Handler::Request Handler::read(std::string_view event) {
  Request request;
  try {
    kiln::JsonMembers members(event);
    while (const auto member = members.next()) {
      if (member->key == "action") request.action = scalar(member->value);
      if (member->key == "batch_size") request.batch_size = scalar(member->value);
      if (member->key == "test_size_mb") request.test_size_mb = scalar(member->value);
      if (member->key == "data") request.data = member->value;
    }
  } catch (const std::invalid_argument& e) {
    throw BadRequest(std::string("the event must be a JSON object: ") + e.what());
  }
  return request;
}

Handler::Answer Handler::route(const Request& request) const {
  if (!request.action) {
    throw BadRequest("'action' is missing: it is process_large_dataset or memory_test");
  }
  if (*request.action == "process_large_dataset") return process_large_dataset(request);
  if (*request.action == "memory_test") return memory_test(request);
  const auto* name = request.action->get_ptr<const std::string*>();
  throw BadRequest("Unknown action: " + (name ? *name : print(*request.action)).substr(0, 200));
}

Handler::Answer Handler::process_large_dataset(const Request& request) const {
  size_t batch_size = kDefaultBatchSize;
  if (request.batch_size) {
    const json& given = *request.batch_size;
    if (!given.is_number_integer() || given < 1) {
      throw BadRequest("'batch_size' must be a whole number from 1");
    }
    batch_size = given.get<size_t>();
  }
  if (request.data.front() != '[') throw BadRequest("'data' must be an array of records");

  kiln::MemoryProfiler profiler;
  profiler.start();
  kiln::DataProcessor processor(
      {.memory_limit_mb = config_.memory_limit_mb, .batch_size = batch_size}, profiler,
      [](const kiln::ProcessedRecord&) {});
  try {
    processor.push_array(request.data);
  } catch (const std::invalid_argument& e) {
    throw BadRequest("'data' after " + std::to_string(processor.processed_records()) +
                     " records: " + e.what());
  }
  processor.finish();
  const kiln::MemoryReport report = profiler.report();
  profiler.stop();  // the answer's own memory is of no interest
  return {200,
          {{"processed_records", processor.processed_records()},
           {"total_records", processor.processed_records()},
           {"results_count", processor.results_count()},
           {"memory_report", to_report(report)}}};
}

Handler::Answer Handler::memory_test(const Request& request) const {
  const json given = request.test_size_mb.value_or(kDefaultTestSize);
  if (!given.is_number() || !(given.get<double>() >= 0)) {
    throw BadRequest("'test_size_mb' must be a number of MiB from 0");
  }
  const double size_mb = given.get<double>();

  kiln::MemoryProfiler profiler;
  profiler.start();
  const auto out_of_memory = [&] {
    kiln::log::warn("out of memory", {{"test_size_mb", size_mb},
                                      {"memory_mb", kiln::resident_memory_mb()},
                                      {"memory_limit_mb", config_.memory_limit_mb}});
    return Answer{507,
                  {{"success", false},
                   {"error", "Out of memory"},
                   {"test_size_mb", given},
                   {"memory_report", to_report(profiler.report())}}};
  };
  // Asked for nevertheless, it would be had, and touching it would be the end of the process.
  if (kiln::resident_memory_mb() + size_mb + reserve_mb(size_mb) > config_.memory_limit_mb) {
    return out_of_memory();
  }
  std::vector<kiln::AllocationSite> sites;
  try {
    if (size_mb * kMiB >= static_cast<double>(std::numeric_limits<size_t>::max())) {
      throw std::bad_alloc();
    }
    const auto size = static_cast<size_t>(size_mb * kMiB);
    const auto memory = std::make_unique_for_overwrite<unsigned char[]>(size);
    profiler.snapshot("after_allocation");
    touch(memory.get(), size);
    profiler.snapshot("after_operations");
    sites = profiler.report().top_memory_consumers;
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
  ::malloc_trim(0);
  profiler.snapshot("after_cleanup");
  kiln::MemoryReport report = profiler.report();
  report.top_memory_consumers = std::move(sites);
  profiler.stop();
  return {200, {{"test_size_mb", given}, {"memory_report", to_report(report)}}};
}

}  // namespace memory_optimized
