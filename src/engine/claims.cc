#include "engine/claims.h"

#include "model/provisioned_rules.h"

namespace kiln::engine {

std::optional<int> Claims::set(const std::string& region, const std::string& name,
                               const model::Function* function) {
  const int units = function ? model::claimed_by_configuration(*function) : 0;
  const auto found = of_functions_.find({region, name});
  const int before = found == of_functions_.end() ? 0 : found->second;
  if (units == before) return std::nullopt;
  if (units == 0)
    of_functions_.erase(found);
  else
    of_functions_[{region, name}] = units;
  return of_regions_[region] += units - before;
}

}  // namespace kiln::engine
