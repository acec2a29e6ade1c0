#include "cost/price_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cost/built_in.h"
#include "cost/offer_file.h"
#include "cost/wrong_prices.h"

namespace kiln::cost {
namespace {

constexpr std::string_view kCloudWatch = "cloudWatch";

bool is_price(const std::optional<double>& value) {
  return value && std::isfinite(*value) && *value >= 0;
}

Result<std::vector<Tier>> read_tiers(const Json& value, std::string_view where) {
  if (is_price(value.number())) return std::vector<Tier>{{.price = *value.number()}};
  if (!value.is_array() || value.empty()) {
    return wrong_prices(
        fmt::format("have no price at {}: write a number, or a list of tiers", where));
  }
  std::vector<Tier> tiers;
  double from = 0;
  for (const Json& item : value) {
    Tier tier;
    if (const Json* up_to = item.find("upTo")) tier.up_to = up_to->number().value_or(0);
    if (!is_price(item["price"].number()) || !(tier.up_to > from)) {
      return wrong_prices(fmt::format(
          "have a wrong tier at {}: each has a \"price\", and an \"upTo\" above the one before",
          where));
    }
    tier.price = *item["price"].number();
    from = tier.up_to;
    tiers.push_back(tier);
  }
  return tiers;
}

std::optional<Item> item_with_key(std::string_view key) {
  for (const Item item : kAllItems) {
    if (key_of(item) == key) return item;
  }
  return std::nullopt;
}

// The items of one architecture, or CloudWatch's.
Result<void> read_items(const Json& items, std::string_view group, Prices& prices) {
  const std::optional<Architecture> architecture = architecture_named(group);
  for (const Json::Member& member : items.members()) {
    const std::string where = fmt::format("{}.{}", group, member.name);
    const std::optional<Item> item = item_with_key(member.name);
    if (!item || depends_on_architecture(*item) != architecture.has_value())
      return wrong_prices("name an item that there is not: " + where);
    Result<std::vector<Tier>> tiers = read_tiers(member.value, where);
    if (!tiers) return tiers.error();
    for (const Architecture one : kArchitectures) {
      if (!architecture || one == *architecture) prices.of(*item, one) = *tiers;
    }
  }
  return {};
}

Result<void> read_free(const Json& free, Prices& prices) {
  for (const Json::Member& member : free.members()) {
    const std::optional<Item> item = item_with_key(member.name);
    if (!item || !is_price(member.value.number()))
      return wrong_prices("have a wrong amount at free." + member.name);
    prices.free[static_cast<size_t>(*item)] = *member.value.number();
  }
  return {};
}

Result<Prices> read_own(const Json& document) {
  Prices prices{.region = document.text_or("region", ""),
                .date = document.text_or("date", ""),
                .source = document.text_or("source", "")};
  if (prices.region.empty()) return wrong_prices("lack their \"region\"");
  if (!age_in_days(prices, WallTime())) return wrong_prices("lack their \"date\", as YYYY-MM-DD");
  if (Result<void> read = read_free(document["free"], prices); !read) return read.error();
  for (const std::string_view group :
       {std::string_view("x86_64"), std::string_view("arm64"), kCloudWatch}) {
    if (Result<void> read = read_items(document[group], group, prices); !read) return read.error();
  }
  return prices;
}

Json tiers_document(const std::vector<Tier>& tiers) {
  if (tiers.size() == 1 && std::isinf(tiers.front().up_to)) return tiers.front().price;
  Json list = Json::array();
  for (const Tier& tier : tiers) {
    Json item = Json::object();
    if (std::isfinite(tier.up_to)) item["upTo"] = tier.up_to;
    item["price"] = tier.price;
    list.push_back(std::move(item));
  }
  return list;
}

}  // namespace

Result<Prices> read_prices(std::string_view text, const std::string& region) {
  const Result<Json> document = Json::parse(text);
  if (!document) return wrong_prices("are no JSON: " + document.error().message);
  if (is_offer(*document)) {
    Result<Prices> prices = read_offer(*document, region);
    const Result<Prices> own = built_in_prices(region);
    if (prices && own) keep_cloudwatch(*own, *prices);
    return prices;
  }
  if (!document->contains("region") && !document->contains("x86_64")) {
    return wrong_prices(
        "are neither in Kiln's form (`kiln cost --show-prices` prints it) nor AWS's price list of "
        "AWSLambda");
  }
  Result<Prices> prices = read_own(*document);
  if (prices && prices->region != region)
    return wrong_prices("are of " + prices->region + ", not of " + region);
  return prices;
}

Result<Prices> built_in_prices(const std::string& region) {
  for (const BuiltIn& one : built_in_files()) {
    if (one.region != region) continue;
    const Result<Json> document = Json::parse(one.text);
    KILN_CHECK(document.ok());
    Result<Prices> prices = read_own(*document);
    KILN_CHECK(prices.ok());
    return prices;
  }
  std::string known;
  for (const std::string& name : built_in_regions()) known += (known.empty() ? "" : ", ") + name;
  return Error{ErrorKind::kInvalid, "Usage",
               "no prices of the Region '" + region +
                   "'; give them with --prices FILE. There are "
                   "prices of " +
                   known};
}

std::vector<std::string> built_in_regions() {
  std::vector<std::string> names;
  for (const BuiltIn& one : built_in_files()) names.emplace_back(one.region);
  std::sort(names.begin(), names.end());
  return names;
}

Json prices_document(const Prices& prices) {
  Json document{{"region", prices.region}, {"date", prices.date}, {"source", prices.source}};
  Json free = Json::object();
  for (const Item item : kAllItems) {
    if (const double amount = prices.free[static_cast<size_t>(item)]; amount > 0)
      free[key_of(item)] = amount;
  }
  document["free"] = std::move(free);
  for (const Architecture architecture : kArchitectures) {
    Json items = Json::object();
    for (const Item item : kAllItems) {
      const std::vector<Tier>& tiers = prices.of(item, architecture);
      if (depends_on_architecture(item) && !tiers.empty())
        items[key_of(item)] = tiers_document(tiers);
    }
    document[name_of(architecture)] = std::move(items);
  }
  Json items = Json::object();
  for (const Item item : kAllItems) {
    const std::vector<Tier>& tiers = prices.of(item, Architecture::kX86_64);
    if (!depends_on_architecture(item) && !tiers.empty())
      items[key_of(item)] = tiers_document(tiers);
  }
  document[kCloudWatch] = std::move(items);
  return document;
}

}  // namespace kiln::cost
