// Search expressions: what is accepted finds or does not find any metric; a refusal says why.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "telemetry/search_expression.h"
#include "telemetry/search_tokens.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kiln::telemetry;
  static const MetricKey metrics[] = {
      {"us-east-1", "AWS/Lambda", "Errors", {{"FunctionName", "orders-2"}}},
      {"us-east-1", "N", "CustomCount1", {}},
  };
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // A name that has any part is found by itself.
  KILN_CHECK(finds(text, text) == !name_parts(text).empty());
  const auto search = SearchExpression::parse(text);
  if (!search) {
    KILN_CHECK(search.error().type == "ValidationError");
    KILN_CHECK(!search.error().message.empty());
    return 0;
  }
  KILN_CHECK(size <= SearchExpression::kMaxLength);
  for (const MetricKey& metric : metrics) (void)search->finds(metric);
  return 0;
}
