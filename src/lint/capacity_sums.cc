#include "lint/capacity_sums.h"

#include <algorithm>

namespace kiln::lint {
namespace {

constexpr size_t kLongestList = 200;  // then it is cut

void append(std::string& list, const std::string& id, int64_t value) {
  if (list.size() > kLongestList) {
    if (!list.ends_with(", …")) list += ", …";
    return;
  }
  list += (list.empty() ? "" : ", ") + id + " " + std::to_string(value);
}

// A function whose own properties hold neither name nor qualifier may still be scaled.
int64_t most_of_qualifier(const Model& model, const Qualifier& qualifier) {
  const int64_t set = qualifier.provisioned.value().value_or(0);
  const ScalableTarget* target = model.target_of(qualifier);
  return target == nullptr ? set : std::max(set, most_of(*target).value_or(0));
}

}  // namespace

int64_t provisioned_of(const Model& model, size_t function) {
  int64_t sum = 0;
  for (const Qualifier* qualifier : model.qualifiers_of(function))
    sum += qualifier->provisioned.value().value_or(0);
  return sum;
}

std::optional<int64_t> most_of(const ScalableTarget& target) {
  std::optional<int64_t> most = target.capacity.max.value();
  for (const Capacity& scheduled : target.scheduled) {
    for (const std::optional<int64_t> value : {scheduled.min.value(), scheduled.max.value()}) {
      if (value) most = std::max(most.value_or(0), *value);
    }
  }
  return most;
}

int64_t most_provisioned_of(const Model& model, size_t function) {
  int64_t sum = 0;
  for (const Qualifier* qualifier : model.qualifiers_of(function))
    sum += most_of_qualifier(model, *qualifier);
  for (const ScalableTarget& target : model.targets) {
    if (target.function == function && !target.alias_or_version) sum += most_of(target).value_or(0);
  }
  return sum;
}

std::map<std::string, RegionSums> region_sums(const Model& model) {
  std::map<std::string, RegionSums> sums;
  for (size_t i = 0; i < model.functions.size(); ++i) {
    const Function& function = model.functions[i];
    RegionSums& region = sums[model.place_of(function.origin.stack)];
    if (const std::optional<int64_t> reserved = function.reserved.value()) {
      region.reserved += *reserved;
      append(region.reserves, function.origin.logical_id, *reserved);
    } else if (function.reserved.is_absent()) {
      const int64_t provisioned = provisioned_of(model, i);
      const int64_t most = most_provisioned_of(model, i);
      region.provisioned += provisioned;
      region.most_provisioned += most;
      if (most > 0) append(region.provisions, function.origin.logical_id, most);
    }
  }
  return sums;
}

std::string describe(const Qualifier& qualifier) {
  return (qualifier.kind == Qualifier::Kind::kAlias ? "alias " : "version ") +
         readable(qualifier.name);
}

}  // namespace kiln::lint
