// What a deployment does about an earlier one that was cut short: by a kill, or by a failure on the
// way back.
#include <algorithm>
#include <set>

#include "stack/deployment.h"
#include "stack/deployment_steps.h"
#include "stack/plan.h"

namespace kiln::stack {
namespace {

Result<void> remove_from(const Scope& scope, const StackResource& resource) {
  return type_of(resource).remove(scope, resource.handle(),
                                  resource.unsettled() ? resource.attempted : resource.properties);
}

// Whether `resource` is what is wanted, or becomes it without being replaced.
bool can_become(const StackResource& resource, const Wanted& wanted) {
  const auto difference = compare(resource, wanted);
  return !difference || difference->replacement == Change::Replacement::kNo;
}

}  // namespace

std::vector<std::string> either(const std::vector<std::string>& a,
                                const std::vector<std::string>& b) {
  std::set<std::string> all(a.begin(), a.end());
  all.insert(b.begin(), b.end());
  return {all.begin(), all.end()};
}

bool Deployment::repairs(const std::string& id) const {
  const auto there = before_.resources.find(id);
  if (there != before_.resources.end() && !there->second.is_whole()) return true;
  return std::any_of(before_.leftovers.begin(), before_.leftovers.end(),
                     [&](const StackResource& leftover) { return leftover.logical_id == id; });
}

Result<Made> Deployment::bring(const StackResource& resource, const Scope& scope,
                               const nlohmann::json& wanted) const {
  const ResourceType& type = type_of(resource);
  // Providers are told of one change, from what was tried last.
  if (type.is_custom())
    return type.update(scope, resource.physical_id,
                       resource.unsettled() ? resource.attempted : resource.properties, wanted);
  auto made = type.update(scope, resource.physical_id, resource.properties, wanted);
  std::vector<nlohmann::json> tried = resource.earlier;
  if (resource.unsettled()) tried.push_back(resource.attempted);
  for (const nlohmann::json& properties : tried)
    if (made) made = type.update(scope, resource.physical_id, properties, wanted);
  return made;
}

Result<void> Deployment::settle(const StackResource& half) {
  const auto gone = half.is_nothing() ? Result<void>() : remove_from(scope(half), half);
  return gone ? record_.erase(half.logical_id) : gone;
}

Result<std::optional<StackResource>> Deployment::take_back(const StackResource* current,
                                                           const std::string& id,
                                                           const Wanted& wanted) {
  for (const StackResource& leftover : before_.leftovers) {
    if (leftover.logical_id != id || leftover.type != wanted.type->name()) continue;
    if (!leftover.is_whole()) {
      if (auto gone = remove_from(scope(leftover), leftover); !gone) return gone.error();
      if (auto erased = record_.erase_leftover(leftover); !erased) return erased.error();
      continue;
    }
    if (!can_become(leftover, wanted) || (current && can_become(*current, wanted))) continue;
    if (current)
      if (auto kept = record_.add_leftover(*current); !kept) return kept.error();
    if (auto kept = record_.put_quietly(leftover); !kept) return kept.error();
    if (auto erased = record_.erase_leftover(leftover); !erased) return erased.error();
    return std::optional(leftover);
  }
  return std::optional<StackResource>();
}

bool Deployment::is_in_use(const StackResource& leftover) const {
  return record_.read<bool>([&](const Stack& stack) {
    return std::any_of(stack.resources.begin(), stack.resources.end(), [&](const auto& each) {
      return each.second.type == leftover.type && each.second.handle() == leftover.handle();
    });
  });
}

}  // namespace kiln::stack
