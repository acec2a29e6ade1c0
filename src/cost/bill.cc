#include "cost/bill.h"

#include <algorithm>

namespace kiln::cost {
namespace {

// The part of this usage's item for which the account's free amount counts.
double eligible(const Usage& usage, Item item) {
  const bool provisioned = usage[Item::kProvisionedCapacity] > 0;
  return provisioned && depends_on_architecture(item) ? 0 : usage[item];
}

// USD for a month's usage; nothing where the tiers end before.
std::optional<double> tiered_cost(const std::vector<Tier>& tiers, double amount) {
  double cost = 0, from = 0;
  for (const Tier& tier : tiers) {
    cost += std::max(std::min(amount, tier.up_to) - from, 0.0) * tier.price;
    from = tier.up_to;
    if (amount <= tier.up_to) return cost;
  }
  return std::nullopt;
}

// Prices `lines`, all of one item, together.
void price_together(std::vector<Line*>& lines, const std::vector<Tier>& tiers) {
  double billable = 0;
  for (const Line* line : lines) billable += line->amount - line->free;
  const std::optional<double> cost = tiered_cost(tiers, billable);
  for (Line* line : lines) {
    const double share = billable > 0 ? (line->amount - line->free) / billable : 0;
    if (cost && !tiers.empty()) line->cost = *cost * share;
  }
}

template <class Wanted>
double sum(const std::vector<Line>& lines, Wanted wanted) {
  double total = 0;
  for (const Line& line : lines) {
    if (wanted(line)) total += line.cost.value_or(0);
  }
  return total;
}

}  // namespace

double Bill::total() const {
  return sum(lines, [](const Line&) { return true; });
}
double Bill::of(std::string_view function) const {
  return sum(lines, [&](const Line& line) { return line.function == function; });
}
double Bill::of(Item item) const {
  return sum(lines, [&](const Line& line) { return line.item == item; });
}

std::vector<Line> Bill::unpriced() const {
  std::vector<Line> found;
  std::copy_if(lines.begin(), lines.end(), std::back_inserter(found),
               [](const Line& line) { return !line.cost; });
  return found;
}

Bill make_bill(const std::vector<Usage>& usages, const Prices& prices, FreeTier free_tier) {
  Bill bill;
  std::vector<const Usage*> owners;  // of the lines
  for (const Usage& usage : usages) {
    for (const Item item : kAllItems) {
      if (usage[item] <= 0) continue;
      bill.lines.push_back({usage.function, usage.architecture, item, usage[item]});
      owners.push_back(&usage);
    }
  }
  for (const Item item : kAllItems) {
    double all = 0;
    for (const Usage& usage : usages) all += eligible(usage, item);
    const double free = free_tier == FreeTier::kYes ? prices.free[static_cast<size_t>(item)] : 0;
    const double free_share = all > 0 ? std::min(free / all, 1.0) : 0;
    std::array<std::vector<Line*>, kArchitectures.size()> groups;
    for (size_t i = 0; i < bill.lines.size(); ++i) {
      Line& line = bill.lines[i];
      if (line.item != item) continue;
      line.free = eligible(*owners[i], item) * free_share;
      groups[depends_on_architecture(item) ? static_cast<size_t>(line.architecture) : 0].push_back(
          &line);
    }
    for (const Architecture architecture : kArchitectures) {
      price_together(groups[static_cast<size_t>(architecture)], prices.of(item, architecture));
    }
  }
  return bill;
}

std::optional<double> invocation_cost(const Prices& prices, Architecture architecture,
                                      const Invocation& invocation) {
  Usage usage{.architecture = architecture};
  add_invocations(usage, invocation);
  double cost = 0;
  for (const Item item : kAllItems) {
    if (usage[item] <= 0) continue;
    const std::optional<double> price = first_price(prices, item, architecture);
    if (!price) return std::nullopt;
    cost += usage[item] * *price;
  }
  return cost;
}

}  // namespace kiln::cost
