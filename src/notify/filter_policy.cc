#include "notify/filter_policy.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "notify/json_text.h"
#include "notify/policy_text.h"
#include "notify/sns_error.h"

namespace kiln::notify {
namespace {

using nlohmann::json;

constexpr uint64_t kManyCombinations = 1'000'000;  // no need to count on
constexpr const char* kEmptyObject = "Empty objects are not allowed";
constexpr int kMaxMessageDepth = 200;  // of a message; what is deeper is not looked at

using PolicyJson = PolicyText::Json;
using At = PolicyText::At;

std::optional<FilterValue> value_of(const json& leaf) {
  if (leaf.is_null()) return FilterValue();
  if (leaf.is_boolean()) return FilterValue(json_flag(leaf));
  if (leaf.is_number()) return FilterValue(json_number(leaf));
  if (leaf.is_string()) return FilterValue(std::string_view(json_text(leaf)));
  return std::nullopt;
}

void add_leaves(const json& value, int depth, std::vector<FilterValue>& out) {
  if (depth > kMaxMessageDepth) return;
  if (value.is_array()) {
    for (const json& element : value) add_leaves(element, depth + 1, out);
  } else if (const auto leaf = value_of(value)) {
    out.push_back(*leaf);
  }
}

// The values at `path`. Names may have points in themselves: "a.b" is the member "a.b" as well as
// the member "b" of the member "a".
void add_values(const json& value, std::string_view path, int depth,
                std::vector<FilterValue>& out) {
  if (depth > kMaxMessageDepth) return;
  if (value.is_array()) {
    for (const json& element : value) add_values(element, path, depth + 1, out);
    return;
  }
  if (!value.is_object()) return;
  for (const auto& [name, member] : value.items()) {
    if (name == path) {
      add_leaves(member, depth + 1, out);
    } else if (path.size() > name.size() && path.starts_with(name) && path[name.size()] == '.') {
      add_values(member, path.substr(name.size() + 1), depth + 1, out);
    }
  }
}

// The values of the attribute `name`. Texts of a String.Array stay in `arrays`.
std::vector<FilterValue> attribute_values(const std::vector<MessageAttribute>& attributes,
                                          std::string_view name, std::vector<json>& arrays) {
  std::vector<FilterValue> out;
  for (const MessageAttribute& a : attributes) {
    if (a.name != name) continue;
    if (a.type == "String") {
      out.push_back(std::string_view(a.value));
    } else if (a.type == "Number") {
      double number = 0;
      const char* const end = a.value.data() + a.value.size();
      const auto [stop, error] = std::from_chars(a.value.data(), end, number);
      if (error == std::errc() && stop == end) out.push_back(number);
    } else if (a.type == "String.Array") {
      arrays.push_back(json_parse(a.value));
      if (arrays.back().is_discarded() || !arrays.back().is_array()) continue;
      for (const json& element : arrays.back()) {
        if (const auto leaf = value_of(element)) out.push_back(*leaf);
      }
    }
  }
  return out;
}

}  // namespace

struct FilterPolicy::Reader {
  explicit Reader(const PolicyText& t) : text(t) {}

  const PolicyText& text;
  bool nested = false;  // an object in an object
  // Of what has been read, as SNS counts: numbers of conditions times their depth, multiplied; the
  // alternatives of an $or are added up.
  uint64_t combinations = 1;

  // $or is an operator where it has two alternatives or more, and a key like any other otherwise.
  static bool is_or(const std::string& key, const PolicyJson& value) {
    return key == "$or" && value.is_array() && value.size() >= 2 &&
           std::all_of(value.begin(), value.end(),
                       [](const PolicyJson& v) { return v.is_object(); });
  }

  Result<void> read_object(const PolicyJson& object, const std::string& prefix, int depth,
                           Rule& out) {
    if (depth > kMaxDepth) return refused_policy("Filter policy is nested too deeply");
    if (depth > 1 && object.empty()) return text.refused(kEmptyObject, object, At::kRead);
    for (const auto& [key, value] : object.items()) {
      const std::string path = prefix + key;
      if (is_or(key, value)) {
        if (auto read = read_or(value, prefix, depth, out); !read) return read;
      } else if (value.is_object()) {
        nested = true;
        if (auto read = read_object(value, path + ".", depth + 1, out); !read) return read;
      } else if (value.is_array()) {
        if (auto read = read_conditions(value, path, out); !read) return read;
        combinations =
            std::min(kManyCombinations, combinations * value.size() * static_cast<uint64_t>(depth));
      } else {
        return text.refused("\"" + key + "\" must be an object or an array", value);
      }
    }
    return {};
  }

  Result<void> read_or(const PolicyJson& list, const std::string& prefix, int depth, Rule& out) {
    const uint64_t before = combinations;
    uint64_t sum = 0;
    auto& alternatives = out.alternatives.emplace_back();
    for (const PolicyJson& alternative : list) {
      if (alternative.empty()) return text.refused(kEmptyObject, alternative, At::kRead);
      combinations = before;
      // An $or in an $or nests on the stack, too.
      Rule rule;
      nesting_ += 1;
      if (nesting_ > kMaxDepth) return refused_policy("Filter policy is nested too deeply");
      if (auto read = read_object(alternative, prefix, depth, rule); !read) return read;
      nesting_ -= 1;
      alternatives.push_back(std::move(rule));
      sum = std::min(kManyCombinations, sum + combinations);
    }
    combinations = sum;
    return {};
  }

  Result<void> read_conditions(const PolicyJson& list, const std::string& path, Rule& out) {
    if (list.empty()) return text.refused("Empty arrays are not allowed", list, At::kRead);
    Key key{path, {}};
    for (const PolicyJson& element : list) {
      auto condition = FilterCondition::parse(text, element);
      if (!condition) return condition.error();
      key.conditions.push_back(std::move(*condition));
    }
    out.keys.push_back(std::move(key));
    return {};
  }

 private:
  int nesting_ = 0;
};

Result<FilterPolicy> FilterPolicy::parse(std::string_view text, Scope scope) {
  if (text.size() > kMaxBytes) {
    return refused_policy("Filter policy is too long: " + std::to_string(text.size()) +
                          " bytes, the limit is " + std::to_string(kMaxBytes));
  }
  auto document = parse_ordered_json("FilterPolicy", text);
  if (!document) return document.error();
  const PolicyText places(*document);
  if (!document->is_object()) return places.refused("Filter is not an object", *document);
  if (document->size() > kMaxKeys)
    return refused_policy("Filter policy can not have more than 5 keys");
  FilterPolicy out;
  out.scope_ = scope;
  Reader reader(places);
  if (auto read = reader.read_object(*document, "", 1, out.rule_); !read) return read.error();
  if (reader.nested && scope == Scope::kMessageAttributes)
    return invalid_parameter(
        "Filter policy scope MessageAttributes does not support nested filter policy");
  if (reader.combinations > kMaxCombinations) return refused_policy("Filter policy is too complex");
  return out;
}

template <class Values>
bool FilterPolicy::holds(const Rule& rule, const Values& values_of) {
  for (const Key& key : rule.keys) {
    const std::vector<FilterValue>& values = values_of(key.path);
    const bool matched = std::any_of(
        key.conditions.begin(), key.conditions.end(), [&](const FilterCondition& condition) {
          if (condition.wants_absence()) return values.empty();
          return std::any_of(values.begin(), values.end(),
                             [&](const FilterValue& v) { return condition.matches(v); });
        });
    if (!matched) return false;
  }
  return std::all_of(
      rule.alternatives.begin(), rule.alternatives.end(), [&](const std::vector<Rule>& list) {
        return std::any_of(list.begin(), list.end(),
                           [&](const Rule& alternative) { return holds(alternative, values_of); });
      });
}

bool FilterPolicy::matches(std::string_view text,
                           const std::vector<MessageAttribute>& attributes) const {
  if (scope_ == Scope::kMessageAttributes) {
    std::vector<json> arrays;
    arrays.reserve(attributes.size());
    return holds(rule_, [&](const std::string& path) {
      arrays.clear();
      return attribute_values(attributes, path, arrays);
    });
  }
  const json body = json_parse(text);
  if (!body.is_object()) return false;
  return holds(rule_, [&](const std::string& path) {
    std::vector<FilterValue> values;
    add_values(body, path, 0, values);
    return values;
  });
}

}  // namespace kiln::notify
