// cpu_optimized: one function that shows how to spend CPU time, and how not to wait.
//
//   {"action":"cpu_intensive_batch","numbers":[1,2,3],"use_multiprocessing":true}
//       → {"results":[{"input","fibonacci","is_prime","sum_of_squares","processing_time"}],
//          "processing_time","data_size","workers_used","cpu_count","processing_mode"}
//         numbers: whole, from 0 to 3,810,778, at most 40,000; 1 to 100 when there are none. What
//         is no such number is null in the results, which are in order, and a log line; so is
//         what is not begun shortly before the end of the invocation.
//   {"action":"async_tasks","tasks":[…]} → async_tasks.h; at most 1,000
//   {"action":"performance_benchmark","test_size":1000}
//       → {"test_size","cpu_info":{"cpu_count","estimated_vcpus"},"benchmark_results":
//          {"sequential","threading","multiprocessing":
//           {"total_time","items_per_second","processing_mode","items_done"}}}
//         each mode does the work for so many numbers between 1 and 20; at most 100,000
//
// Every answer is {"statusCode","body"}, body being JSON text; a request that makes no sense is
// 400, a failure 500, both {"success":false,"error"}.
//
// Threading: one invocation at a time. Cost: init none.
#pragma once

#include <nlohmann/json.hpp>

#include "async_tasks.h"
#include "config.h"
#include "cpu_optimizer.h"
#include "kiln/context.h"

namespace cpu_optimized {

class Handler {
 public:
  explicit Handler(const Config& config) : optimizer_(config.memory_mb), tasks_(config) {}

  // Never throws for what an event can hold or a backend can do.
  nlohmann::json handle(const nlohmann::json& event, const kiln::Context& context);

 private:
  nlohmann::json route(const nlohmann::json& event, const kiln::Context& context);
  nlohmann::json cpu_intensive_batch(const nlohmann::json& event,
                                     const kiln::Context& context) const;
  nlohmann::json async_tasks(const nlohmann::json& event, const kiln::Context& context);
  nlohmann::json performance_benchmark(const nlohmann::json& event,
                                       const kiln::Context& context) const;

  const CpuOptimizer optimizer_;
  AsyncTasks tasks_;
};

}  // namespace cpu_optimized
