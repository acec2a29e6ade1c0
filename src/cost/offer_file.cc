#include "cost/offer_file.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "cost/wrong_prices.h"

namespace kiln::cost {
namespace {

constexpr std::string_view kArm = "-ARM";

struct UsageType {
  std::string_view name;  // without the Region before it, and without "-ARM"
  Item item;
};
constexpr UsageType kUsageTypes[] = {
    {"Request", Item::kRequests},
    {"Lambda-GB-Second", Item::kDuration},
    {"Lambda-Provisioned-Concurrency", Item::kProvisionedCapacity},
    {"Lambda-Provisioned-GB-Second", Item::kProvisionedDuration},
    {"Lambda-Storage-GB-Second", Item::kEphemeralStorage},
    {"Lambda-SnapStart-Cached-GB-S", Item::kSnapStartCache},
    {"Lambda-SnapStart-Restored-GB", Item::kSnapStartRestore},
    {"Lambda-Streaming-Response-Processed-Bytes", Item::kStreamedBytes},
};

// "USE2-Lambda-GB-Second-ARM" → Lambda-GB-Second: the part before the first dash is a Region's,
// when it is in capitals and digits.
std::string_view without_region(std::string_view usage_type) {
  const size_t dash = usage_type.find('-');
  if (dash == std::string_view::npos) return usage_type;
  const std::string_view first = usage_type.substr(0, dash);
  const bool is_region = std::all_of(
      first.begin(), first.end(), [](char c) { return ascii::is_upper(c) || ascii::is_digit(c); });
  return is_region ? usage_type.substr(dash + 1) : usage_type;
}

std::optional<double> price_in(const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, ec] = std::from_chars(text.data(), end, number);
  if (ec != std::errc() || stop != end || !(number >= 0)) return std::nullopt;
  return number;
}

// Of a product's terms: {CODE: {"priceDimensions": {CODE: {"beginRange", "endRange",
// "pricePerUnit": {"USD"}}}}}.
std::vector<Tier> read_terms(const Json& terms) {
  std::vector<Tier> tiers;
  for (const Json::Member& term : terms.members()) {
    for (const Json::Member& dimension : term.value["priceDimensions"].members()) {
      const auto price = price_in(dimension.value["pricePerUnit"]["USD"].text());
      if (!price) continue;
      Tier tier{.price = *price};
      if (const auto end = price_in(dimension.value["endRange"].text())) tier.up_to = *end;
      tiers.push_back(tier);
    }
    break;  // one term holds at a time
  }
  std::sort(tiers.begin(), tiers.end(),
            [](const Tier& a, const Tier& b) { return a.up_to < b.up_to; });
  return tiers;
}

void take_product(const Json& product, const Json& terms, const std::string& region,
                  Prices& prices) {
  const Json& attributes = product["attributes"];
  if (attributes["regionCode"].text() != region) return;
  std::string_view usage_type = without_region(attributes["usagetype"].text());
  Architecture architecture = Architecture::kX86_64;
  if (usage_type.ends_with(kArm)) {
    usage_type.remove_suffix(kArm.size());
    architecture = Architecture::kArm64;
  }
  for (const UsageType& known : kUsageTypes) {
    if (known.name != usage_type) continue;
    std::vector<Tier> tiers = read_terms(terms);
    if (!tiers.empty()) prices.of(known.item, architecture) = std::move(tiers);
  }
}

std::string day_of(const std::string& publication) { return publication.substr(0, 10); }

bool has_any(const Prices& prices) {
  return std::any_of(kAllItems.begin(), kAllItems.end(), [&](Item item) {
    return !prices.of(item, Architecture::kX86_64).empty() ||
           !prices.of(item, Architecture::kArm64).empty();
  });
}

}  // namespace

bool is_offer(const Json& document) {
  return document.contains("offerCode") || document["PriceList"].is_array();
}

Result<Prices> read_offer(const Json& document, const std::string& region) {
  Prices prices{.region = region, .source = "AWS Price List, AWSLambda"};
  prices.free[static_cast<size_t>(Item::kRequests)] = 1'000'000;
  prices.free[static_cast<size_t>(Item::kDuration)] = 400'000;
  prices.free[static_cast<size_t>(Item::kStreamedBytes)] = 100;
  if (document.contains("offerCode")) {
    const std::string& code = document["offerCode"].text();
    if (code != "AWSLambda")
      return wrong_prices("are AWS's list of '" + code + "', not of AWSLambda");
    prices.date = day_of(document["publicationDate"].text());
    const Json& terms = document["terms"]["OnDemand"];
    for (const Json::Member& product : document["products"].members())
      take_product(product.value, terms[product.name], region, prices);
  }
  for (const Json& text : document["PriceList"]) {
    const Json entry = text.is_text() ? Json::parse_or_null(text.text()) : text;
    prices.date = std::max(prices.date, day_of(entry["publicationDate"].text()));
    take_product(entry["product"], entry["terms"]["OnDemand"], region, prices);
  }
  if (!has_any(prices)) return wrong_prices("have nothing of Lambda in the Region " + region);
  if (!age_in_days(prices, WallTime())) return wrong_prices("lack their publicationDate");
  return prices;
}

void keep_cloudwatch(const Prices& from, Prices& prices) {
  for (const Item item : kAllItems) {
    if (depends_on_architecture(item)) continue;
    for (const Architecture architecture : kArchitectures)
      prices.of(item, architecture) = from.of(item, architecture);
    prices.free[static_cast<size_t>(item)] = from.free[static_cast<size_t>(item)];
  }
  prices.source += "; CloudWatch's of " + from.date;
}

}  // namespace kiln::cost
