// memory_optimized: one function that shows how to know, and keep small, the memory that work
// takes.
//
//   {"action":"process_large_dataset","data":[{"id","name","email","age","score"}],
//    "batch_size":1000}
//       → {"processed_records","total_records","results_count","memory_report"}
//   {"action":"memory_test","test_size_mb":100}  allocates, touches and frees
//       → {"test_size_mb","memory_report"}; 507 {"success":false,"error":"Out of memory",
//         "test_size_mb","memory_report"} when the memory can't be had; the environment goes on
//
// The event is never made into a tree: records are read one at a time out of its text and
// results are counted, not kept, so that the work takes a few MiB whatever the number of records.
// kiln/batch_processor.h has the rules for a record. A record that is bad is logged and skipped.
//
// memory_report is kiln::MemoryReport; in memory_test's the places that hold most memory are those
// while the memory was held. Of more than 1,000 snapshots it has the first and the last 500 and
// "snapshots_left_out".
//
// Every answer is {"statusCode","body"}, body being JSON text; a request that makes no sense is
// 400, a failure 500, both {"success":false,"error"}.
//
//   AWS_LAMBDA_FUNCTION_MEMORY_SIZE 512 (MiB)
//
// Threading: one invocation at a time. Cost: init none; about 0.2 µs per record.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "kiln/context.h"

namespace memory_optimized {

struct Config {
  double memory_limit_mb = 512;

  // Throws std::invalid_argument, which names the variable.
  static Config from_environment();
};

class Handler {
 public:
  explicit Handler(Config config) : config_(config) {}

  // Takes and returns JSON text. Never throws for what an event can hold.
  std::string handle(std::string_view event, const kiln::Context& context) const;

 private:
  struct Request;
  struct Answer;

  static Request read(std::string_view event);
  Answer route(const Request& request) const;
  Answer process_large_dataset(const Request& request) const;
  Answer memory_test(const Request& request) const;

  const Config config_;
};

}  // namespace memory_optimized
