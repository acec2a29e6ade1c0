// Context: what Lambda tells a handler about the invocation and the execution environment.
//
//   std::string handle(std::string_view payload, const kiln::Context& context) {
//     if (context.remaining_time() < std::chrono::milliseconds(200)) {
//       return R"({"left_undone":true})";
//     }
//     kiln::log::info("working", {{"memory_mb", context.memory_limit_mb}});
//     ...
//   }
//
// Threading: immutable during the invocation, so any thread of the handler may read it.
// Ownership: the views point into buffers of the run loop; they end with the invocation. Copy what
// must live longer. Cost: filling one allocates nothing.
#pragma once

#include <chrono>
#include <string_view>

namespace kiln {

struct Context {
  // Of the invocation. Empty where the caller or the platform gave none.
  std::string_view request_id;
  std::string_view
      invoked_function_arn;   // as invoked: with alias or version only if the caller named one
  std::string_view trace_id;  // also in the environment variable _X_AMZN_TRACE_ID
  std::string_view client_context;    // JSON as the caller sent it, not parsed
  std::string_view cognito_identity;  // JSON: {"cognitoIdentityId","cognitoIdentityPoolId"}
  std::string_view tenant_id;
  std::chrono::system_clock::time_point deadline;  // when the platform ends the invocation

  // Of the execution environment: the same for its whole life.
  std::string_view function_name;
  std::string_view function_version;  // "$LATEST" or a number
  std::string_view log_group;
  std::string_view log_stream;
  int memory_limit_mb = 0;  // MiB

  // Time until `deadline`; never negative.
  std::chrono::milliseconds remaining_time() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::system_clock::now());
    return left.count() > 0 ? left : std::chrono::milliseconds(0);
  }
};

}  // namespace kiln
