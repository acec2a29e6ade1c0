#include "lint/memory_use.h"

#include <algorithm>

#include "base/ascii.h"

namespace kiln::lint {
namespace {

constexpr size_t kRandomPart = 13;       // "-" and 12 letters or digits
constexpr size_t kUncutNames = 64 - 14;  // stack's name and logical id, before they are cut

bool is_random_part(std::string_view text) {
  return text.front() == '-' && std::all_of(text.begin() + 1, text.end(), ascii::is_alnum);
}

}  // namespace

void add_report(const logs::Report& report, MemoryUse& use) {
  ++use.reports;
  if (report.max_memory_mb > use.max_used_mb || use.reports == 1) {
    use.max_used_mb = report.max_memory_mb;
    use.memory_mb = report.memory_mb;
  }
}

bool runs_as(const Function& function, const std::string& stack_name, std::string_view name) {
  if (!has_stand_in(function.name)) return function.name == name;
  if (name.size() <= kRandomPart) return false;
  const std::string_view random = name.substr(name.size() - kRandomPart);
  if (!is_random_part(random)) return false;
  const std::string_view rest = name.substr(0, name.size() - kRandomPart);
  const std::string& id = function.origin.logical_id;
  if (stack_name.size() + id.size() <= kUncutNames) return rest == stack_name + "-" + id;
  for (size_t dash = rest.find('-'); dash != std::string_view::npos;
       dash = rest.find('-', dash + 1)) {
    const std::string_view first = rest.substr(0, dash), second = rest.substr(dash + 1);
    if (!first.empty() && !second.empty() && std::string_view(stack_name).starts_with(first) &&
        std::string_view(id).starts_with(second)) {
      return true;
    }
  }
  return false;
}

}  // namespace kiln::lint
