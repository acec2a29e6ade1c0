// GetAccountSettings.
#include <set>

#include "engine/provisioned_config.h"
#include "services/lambda/call.h"

namespace kiln::services {
namespace {

constexpr int64_t kTotalCodeSize = 80'530'636'800;
constexpr int64_t kCodeSizeUnzipped = 262'144'000;
constexpr int64_t kCodeSizeZipped = 52'428'800;

}  // namespace

OperationResult get_account_settings(LambdaCall& call) {
  int64_t code_size = 0, functions = 0;
  for (const auto& function : call.registry.all()) {
    if (function->region() != call.region) continue;
    ++functions;
    code_size += function->latest->code.size_bytes;
    for (const auto& [number, version] : function->versions) code_size += version->code.size_bytes;
  }
  for (const std::string& name : call.layers.names(call.region))
    for (const auto& version : call.layers.versions(call.region, name))
      code_size += version->code.size_bytes;
  const int limit = call.accounts.quota().concurrency;
  const int claimed = engine::claimed_concurrency(call.registry, call.region, {});
  return json_response(
      200, {{"AccountLimit",
             {{"TotalCodeSize", kTotalCodeSize},
              {"CodeSizeUnzipped", kCodeSizeUnzipped},
              {"CodeSizeZipped", kCodeSizeZipped},
              {"ConcurrentExecutions", limit},
              {"UnreservedConcurrentExecutions", limit - claimed}}},
            {"AccountUsage", {{"TotalCodeSize", code_size}, {"FunctionCount", functions}}}});
}

}  // namespace kiln::services
