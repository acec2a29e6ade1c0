#include "lint/model.h"

namespace kiln::lint {
namespace {

// Private-use characters: no template means anything by them. STACK/LOGICALID.ATTRIBUTE stands
// between them.
constexpr std::string_view kOpen = "\uE001";
constexpr std::string_view kClose = "\uE002";

}  // namespace

const MetricUse* Alarm::watched() const {
  for (const MetricUse& metric : metrics) {
    if (metric.returned) return &metric;
  }
  return nullptr;
}

bool Alarm::fires_above() const {
  return comparison.value().value_or("").starts_with("GreaterThan") &&
         comparison.value()->ends_with("Threshold");
}

bool Alarm::fires_below() const {
  return comparison.value().value_or("").starts_with("LessThan") &&
         comparison.value()->ends_with("Threshold");
}

std::string Model::place_of(size_t stack) const {
  return stacks[stack].account + "/" + stacks[stack].region;
}

std::optional<size_t> Model::find_function(size_t stack, std::string_view name) const {
  for (size_t i = 0; i < functions.size(); ++i) {
    if (functions[i].name == name && place_of(functions[i].origin.stack) == place_of(stack))
      return i;
  }
  return std::nullopt;
}

std::optional<size_t> Model::find_qualifier(size_t function, std::string_view name) const {
  for (size_t i = 0; i < qualifiers.size(); ++i) {
    if (qualifiers[i].function == function && qualifiers[i].name == name) return i;
  }
  return std::nullopt;
}

std::vector<const Qualifier*> Model::qualifiers_of(size_t function) const {
  std::vector<const Qualifier*> found;
  for (const Qualifier& qualifier : qualifiers) {
    if (qualifier.function == function) found.push_back(&qualifier);
  }
  return found;
}

const ScalableTarget* Model::target_of(const Qualifier& qualifier) const {
  for (const ScalableTarget& target : targets) {
    if (target.alias_or_version && &qualifiers[*target.alias_or_version] == &qualifier)
      return &target;
  }
  return nullptr;
}

FunctionReference parse_function_reference(std::string_view text) {
  constexpr std::string_view kFunction = "function:";
  if (const size_t at = text.find(kFunction); at != std::string_view::npos) {
    text.remove_prefix(at + kFunction.size());
  }
  // A stand-in holds a '/' of its own; what follows it is searched.
  const size_t from = has_stand_in(text) ? text.rfind(kClose) : 0;
  if (const size_t slash = text.find('/', from); slash != std::string_view::npos) {
    text = text.substr(0, slash);
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {std::string(text), {}};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::string stand_in(size_t stack, const std::string& logical_id, const std::string& attribute) {
  std::string out(kOpen);
  out += std::to_string(stack) + "/" + logical_id;
  if (!attribute.empty()) out += "." + attribute;
  return out.append(kClose);
}

bool has_stand_in(std::string_view text) { return text.find(kOpen) != std::string_view::npos; }

std::string readable(std::string_view text) {
  std::string out;
  while (true) {
    const size_t open = text.find(kOpen);
    const size_t close = open == std::string_view::npos ? open : text.find(kClose, open);
    if (close == std::string_view::npos) return out.append(text);
    out += text.substr(0, open);
    std::string_view inner = text.substr(open + kOpen.size(), close - open - kOpen.size());
    if (const size_t slash = inner.find('/'); slash != std::string_view::npos) {
      inner.remove_prefix(slash + 1);
    }
    out += inner;
    text.remove_prefix(close + kClose.size());
  }
}

}  // namespace kiln::lint
