// GetAccountSettings.
#include <set>

#include "services/lambda_call.h"

namespace kiln::services {
namespace {

constexpr int64_t kTotalCodeSize = 80'530'636'800;
constexpr int64_t kCodeSizeUnzipped = 262'144'000;
constexpr int64_t kCodeSizeZipped = 52'428'800;
constexpr int kConcurrentExecutions = 1'000;

}  // namespace

OperationResult get_account_settings(LambdaCall& call) {
  int64_t code_size = 0, functions = 0;
  int reserved = 0;
  for (const auto& function : call.registry.all()) {
    if (function->region() != call.region) continue;
    ++functions;
    reserved += function->reserved_concurrency.value_or(0);
    code_size += function->latest->code.size_bytes;
    for (const auto& [number, version] : function->versions) code_size += version->code.size_bytes;
  }
  return json_response(
      200, {{"AccountLimit",
             {{"TotalCodeSize", kTotalCodeSize},
              {"CodeSizeUnzipped", kCodeSizeUnzipped},
              {"CodeSizeZipped", kCodeSizeZipped},
              {"ConcurrentExecutions", kConcurrentExecutions},
              {"UnreservedConcurrentExecutions", kConcurrentExecutions - reserved}}},
            {"AccountUsage", {{"TotalCodeSize", code_size}, {"FunctionCount", functions}}}});
}

}  // namespace kiln::services
