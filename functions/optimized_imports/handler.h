// optimized_imports: a function that pays only for what it uses.
//
// Every client, and libcurl with it, is opened by the first action that needs it; configuration and
// calculations are kept once they are made.
//
//   {"action":"data_analysis","records":[{…}]}    also under "data"; the default action
//       → {"success":true,"analysis":{…}}                       data_analysis.h has its fields
//   {"action":"http_requests","urls":["http://…"]}
//       → {"success":true,"results":[{"url","status_code","response_time" (seconds),
//          "content_length"} or {"url","error"}],"total_requests"}; at once, at most 1,000
//   {"action":"file_operations","operations":[{"type",…}]}
//       → {"success":true,"results":[{"operation","result"}],"total_operations"}; one after the
//          other; a result that failed is {"success":false,"error"}; file_operations.h has the rest
//   {"action":"cached_calculation","n":1000}      0 to 3,000,000
//       → {"success":true,"input","result" (the sum of the squares below n),"cached"}
//
// Every answer is {"statusCode","body"}, body being JSON text: {"result","processing_time" (s),
// "timestamp","function_memory" (MiB),"remaining_time_ms"}. An unknown action and a request that
// makes no sense are 400, a failure is 500, both {"success":false,"error"}. What is not done
// shortly before the function's time is up is an error in its own entry.
//
// Threading: one invocation at a time. Ownership: the answer is the caller's; nothing of the event
// is kept. Cost: init none.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "config.h"
#include "file_operations.h"
#include "kiln/context.h"
#include "kiln/http.h"
#include "kiln/lazy.h"
#include "kiln/memo.h"

namespace optimized_imports {

class Handler {
 public:
  static constexpr int64_t kMaxCalculation =
      3'000'000;  // beyond it the result needs more than 63 bits
  static constexpr size_t kMaxUrls = 1000;
  static constexpr std::chrono::milliseconds kReserve{300};  // kept for the answer

  // `env` names the configuration.
  explicit Handler(std::string env = environment_name());

  // Never throws for what an event can hold or a backend can do.
  std::string handle(std::string_view event, const kiln::Context& context);

 private:
  struct Request;

  static Request read_request(std::string_view event);
  nlohmann::json route(Request& request, const kiln::Context& context);
  nlohmann::json http_requests(std::string_view urls, const kiln::Context& context);
  nlohmann::json file_operations(std::string_view operations, const kiln::Context& context);
  nlohmann::json cached_calculation(std::string_view n);
  Configuration configuration();

  const std::string env_;
  kiln::Memo<std::string, Configuration> configurations_{32};
  kiln::Memo<int64_t, int64_t> calculations_{128};
  kiln::Lazy<kiln::http::Client> http_;
  // Shared with calls that outlive their time.
  std::shared_ptr<FileOperations> file_operations_;
};

}  // namespace optimized_imports
