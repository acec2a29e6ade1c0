#include "cli/price_source.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/read_file.h"
#include "cli/usage.h"

namespace kiln::cli {
namespace {

constexpr size_t kLargestPrices = 64U << 20;  // AWS's file of all Regions has some 10 MB

}  // namespace

void add_prices_option(CLI::App& command, std::string& file) {
  command
      .add_option("--prices", file,
                  "Prices in Kiln's form, or AWS's price list of AWSLambda; default: Kiln's own")
      ->type_name("FILE");
}

Result<cost::Prices> load_prices(Console& console, const std::string& file,
                                 const std::string& region) {
  Result<cost::Prices> prices = usage("");
  if (file.empty()) {
    prices = cost::built_in_prices(region);
  } else {
    const Result<std::string> text = read_file(file, kLargestPrices);
    if (!text) return text.error();
    prices = cost::read_prices(*text, region);
    if (!prices) return usage("'" + file + "': " + prices.error().message);
  }
  if (!prices) return prices;
  const int64_t age = cost::age_in_days(*prices, SystemClock().wall_now()).value_or(0);
  if (age > cost::kOldAfterDays) {
    warn(console, fmt::format("the prices of {} are from {}, {} days ago; AWS may have changed "
                              "them since. --prices takes AWS's current list",
                              region, prices->date, age));
  }
  return prices;
}

}  // namespace kiln::cli
