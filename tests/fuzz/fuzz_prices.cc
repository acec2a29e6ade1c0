// Price files and traffic profiles: what is accepted can be priced, and is written and read again
// as it is; a refusal says why.
#include <cmath>
#include <cstdint>

#include "base/check.h"
#include "cost/bill.h"
#include "cost/price_file.h"
#include "cost/traffic_profile.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kiln::cost;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto prices = read_prices(text, "us-east-1");
  if (prices) {
    Usage usage{.function = "f"};
    for (const Item item : kAllItems) usage[item] = 1000;
    const Bill bill = make_bill({usage}, *prices, FreeTier::kYes);
    KILN_CHECK(bill.total() >= 0);
    KILN_CHECK(bill.lines.size() == kItems);
    const auto again = read_prices(prices_document(*prices).to_text(), "us-east-1");
    KILN_CHECK(again.ok() && prices_document(*again) == prices_document(*prices));
  } else {
    KILN_CHECK(prices.error().type == "Usage" && !prices.error().message.empty());
  }
  const auto traffic = read_traffic_profile(text);
  if (!traffic) {
    KILN_CHECK(traffic.error().type == "Usage" && !traffic.error().message.empty());
    return 0;
  }
  for (const auto& [name, calls] : traffic->functions) {
    const auto usage = usage_of({.function = name, .memory_mb = 512, .provisioned = 1}, calls);
    if (!usage) continue;
    for (const Item item : kAllItems)
      KILN_CHECK(std::isfinite((*usage)[item]) && (*usage)[item] >= 0);
  }
  return 0;
}
