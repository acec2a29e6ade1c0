// Where a filter policy is wrong, as SNS says it: the policy without blanks, and the column at
// which its parser stood. Pure; walks the policy once for each refusal.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"

namespace kiln::notify {

class PolicyText {
 public:
  using Json = nlohmann::ordered_json;

  // What the parser had taken when it refused.
  enum class At {
    kSeen,  // the node's first token; of a text, its opening quote alone
    kRead,  // the node as a whole
    kNext,  // what follows the node in its list
  };

  // `root` outlives this.
  explicit PolicyText(const Json& root) : root_(root) {}

  // "Invalid parameter: FilterPolicy: WHY\n at [Source: …; line: 1, column: N]". REQUIRES: `node`
  // is in the root, and for kNext an element of a list.
  Error refused(const std::string& why, const Json& node, At at = At::kSeen) const;

 private:
  const Json& root_;
};

// The same without a place.
Error refused_policy(const std::string& why);

}  // namespace kiln::notify
