// Alarms and scaling that name a function or alias by a literal text that misses the one in the
// stack.
#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "lint/capacity_sums.h"
#include "lint/rule_functions.h"

namespace kiln::lint {
namespace {

constexpr size_t kHashOfCdk = 8;

// Letters and digits in lower case.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (ascii::is_alnum(c)) out += ascii::lower(c);
  }
  return out;
}

bool is_hash_of_cdk(std::string_view text) {
  return text.size() == kHashOfCdk && std::all_of(text.begin(), text.end(), [](char c) {
           return ascii::is_digit(c) || (c >= 'A' && c <= 'F');
         });
}

// A function that `name` seems to mean: it has this logical id, or this name but for case and
// punctuation.
const Function* twin_of(const Model& model, size_t stack, const std::string& name) {
  const std::string wanted = plain(name);
  if (wanted.empty()) return nullptr;
  for (const Function& function : model.functions) {
    if (model.place_of(function.origin.stack) != model.place_of(stack)) continue;
    std::string_view id = function.origin.logical_id;
    if (plain(id) == wanted) return &function;
    if (id.size() > kHashOfCdk && is_hash_of_cdk(id.substr(id.size() - kHashOfCdk))) {
      id.remove_suffix(kHashOfCdk);
      if (plain(id) == wanted) return &function;
    }
    if (!has_stand_in(function.name) && plain(function.name) == wanted) return &function;
  }
  return nullptr;
}

// A use of a function by name, in an alarm or as what is scaled.
struct NameUse {
  const Origin* origin;
  cfn::Place place;
  FunctionReference named;
};

std::vector<NameUse> name_uses(const Model& model) {
  std::vector<NameUse> uses;
  const auto add = [&](const Origin& origin, const Setting<std::string>& text) {
    if (text.is_known())
      uses.push_back({&origin, text.place(), parse_function_reference(*text.value())});
  };
  for (const Alarm& alarm : model.alarms) {
    for (const MetricUse& metric : alarm.metrics) {
      if (!metric.is_lambda()) continue;
      for (const char* dimension : {"FunctionName", "Resource"}) {
        const auto found = metric.dimensions.find(dimension);
        if (found != metric.dimensions.end()) add(alarm.origin, found->second);
      }
    }
  }
  for (const ScalableTarget& target : model.targets) add(target.origin, target.resource_id);
  for (const ScalingPolicy& policy : model.policies) {
    if (!policy.target) add(policy.origin, policy.resource_id);
  }
  return uses;
}

std::string aliases_of(const Model& model, size_t function) {
  std::string out;
  for (const Qualifier* qualifier : model.qualifiers_of(function)) {
    if (qualifier->kind != Qualifier::Kind::kAlias || qualifier->name.empty()) continue;
    out += (out.empty() ? "" : ", ") + readable(qualifier->name);
  }
  return out;
}

}  // namespace

void duplicate_key(const Model& model, const Circumstances&, Report& report) {
  for (const DuplicateKey& key : model.duplicate_keys)
    report.add(key.origin, key.place, key.text, "remove one of the two");
}

void function_not_in_stack(const Model& model, const Circumstances&, Report& report) {
  for (const NameUse& use : name_uses(model)) {
    if (has_stand_in(use.named.name) || model.find_function(use.origin->stack, use.named.name)) {
      continue;
    }
    const Function* twin = twin_of(model, use.origin->stack, use.named.name);
    if (twin == nullptr) continue;
    report.add(*use.origin, use.place,
               "no function is called " + use.named.name + "; " + twin->origin.logical_id +
                   (has_stand_in(twin->name) ? " gets a name from CloudFormation"
                                             : " is called " + twin->name),
               "use !Ref " + twin->origin.logical_id + " instead of a literal name");
  }
}

void alias_not_in_stack(const Model& model, const Circumstances&, Report& report) {
  for (const NameUse& use : name_uses(model)) {
    const std::string& alias = use.named.qualifier;
    const bool is_number = std::all_of(alias.begin(), alias.end(), ascii::is_digit);
    if (is_number || alias == "$LATEST" || has_stand_in(alias)) continue;
    const std::optional<size_t> function = model.find_function(use.origin->stack, use.named.name);
    if (!function || model.find_qualifier(*function, alias)) continue;
    const std::vector<const Qualifier*> all = model.qualifiers_of(*function);
    const bool one_is_unknown = std::any_of(
        all.begin(), all.end(), [](const Qualifier* qualifier) { return qualifier->name.empty(); });
    const std::string aliases = aliases_of(model, *function);
    if (aliases.empty() || one_is_unknown) continue;
    report.add(*use.origin, use.place,
               fmt::format("{} has no alias {} here; it has {}",
                           model.functions[*function].origin.logical_id, alias, aliases),
               "alias names are case-sensitive: use one of them");
  }
}

}  // namespace kiln::lint
