// AsyncTasks: a list of tasks from an event, all at once.
//
//   {"type":"http_request","url","timeout":10}
//       → {"task_type","url","status_code","response_size"}; redirects are followed, the body is
//         counted and dropped
//   {"type":"database_query","query","timeout":10}
//       → {"task_type","query","result_count","rows":[{column: value}]}; one statement that yields
//         rows (SELECT, VALUES, WITH … SELECT), at most 10,000 of them with 4 MiB of JSON text
//   {"type":"file_operation","operation":"read","file_path":"/tmp/…","content","timeout":10}
//       → {"task_type","operation","file_path","status":"completed","size", and "content" (read),
//         "bytes_written" (write, append), "type" and "modified" (stat)}; kiln/tasks.h says which
//         paths are allowed; at most 4 MiB are read
//
// A task that fails, is wrong or of another type is an error at its own index; the others go on.
// `timeout` counts from the beginning, in seconds; the end of the invocation comes before it.
//
// Threading: one run() at a time; tasks run on threads of their own. Ownership: owns its
// connections, which a query that is too late keeps until it ends. Cost: none before the first use.
#pragma once

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "config.h"
#include "kiln/http.h"
#include "kiln/lazy.h"
#include "kiln/postgres.h"
#include "kiln/tasks.h"

namespace cpu_optimized {

class AsyncTasks {
 public:
  explicit AsyncTasks(const Config& config);

  // {"successful_results":[…, each with "task_index"],"errors":[{"task_index","error"}],
  // "total_tasks","processing_time"}, both lists in the tasks' order. No task takes longer than
  // `limit`. REQUIRES: an array.
  nlohmann::json run(const nlohmann::json& tasks, std::chrono::milliseconds limit);

 private:
  kiln::tasks::Task make(const nlohmann::json& task, std::chrono::milliseconds limit) const;
  kiln::tasks::Task database_query(const nlohmann::json& task,
                                   std::chrono::milliseconds timeout) const;

  using Database = kiln::Lazy<kiln::postgres::Database>;
  kiln::http::Client http_;
  std::shared_ptr<Database> database_;  // empty when none is configured
};

}  // namespace cpu_optimized
