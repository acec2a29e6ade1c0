// Whether functions may say in which network they would be and what they would mount: refused,
// since it has no effect here, or recorded and given back (kiln serve --accept-vpc). Thread-safe.
#pragma once

#include <cstdlib>
#include <string_view>

namespace kiln {

enum class VpcPolicy { kRefuse, kRecord };

inline constexpr const char* kAcceptVpcVariable = "KILN_ACCEPT_VPC";

// Of this process, by the variable.
inline VpcPolicy vpc_policy() {
  const char* value = std::getenv(kAcceptVpcVariable);
  const std::string_view text = value == nullptr ? "" : value;
  return text.empty() || text == "0" ? VpcPolicy::kRefuse : VpcPolicy::kRecord;
}

}  // namespace kiln
