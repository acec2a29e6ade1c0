// A subscription's filter policy: which messages it wants. Immutable once parsed; pure.
//
//   auto policy = FilterPolicy::parse(R"({"store": ["example"], "price": [{"numeric": [">",
//   5]}]})",
//                                     FilterPolicy::Scope::kMessageAttributes);
//   if (policy->matches(text, attributes)) deliver();
//
// All keys must match, each by any of its conditions; the alternatives under "$or" count as one.
// Conditions: exact text, number, true, false and null, prefix, suffix, anything-but (also with
// prefix and suffix), equals-ignore-case, numeric, exists, cidr. Of an array any element may match.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "notify/filter_condition.h"
#include "notify/message.h"

namespace kiln::notify {

class FilterPolicy {
 public:
  // kMessageAttributes: looks at attributes of type String, String.Array and Number.
  // kMessageBody: looks into a text that is a JSON object; no other text matches.
  enum class Scope { kMessageAttributes, kMessageBody };

  static constexpr size_t kMaxBytes = 256 * 1024;
  static constexpr size_t kMaxKeys = 5;              // of the outermost object
  static constexpr uint64_t kMaxCombinations = 150;  // numbers of conditions (× depth), multiplied
  static constexpr int kMaxDepth = 100;

  // Error: InvalidParameter, "Invalid parameter: FilterPolicy: …".
  static Result<FilterPolicy> parse(std::string_view text, Scope scope);

  Scope scope() const { return scope_; }
  bool matches(std::string_view text, const std::vector<MessageAttribute>& attributes) const;

 private:
  struct Key {
    std::string path;  // names of nested objects, joined by points
    std::vector<FilterCondition> conditions;
  };
  struct Rule {
    std::vector<Key> keys;
    std::vector<std::vector<Rule>> alternatives;  // one list for each $or
  };
  struct Reader;  // builds a Rule
  template <class Values>
  static bool holds(const Rule& rule, const Values& values_of);

  Scope scope_ = Scope::kMessageAttributes;
  Rule rule_;
};

}  // namespace kiln::notify
