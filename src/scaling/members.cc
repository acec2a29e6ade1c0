#include "scaling/members.h"

#include <cmath>
#include <limits>

#include "base/json_access.h"

namespace kiln::scaling {

using nlohmann::json;

const json* Members::find(const char* name) const {
  if (!document_.is_object()) return nullptr;
  const auto found = document_.find(name);
  return found == document_.end() || found->is_null() ? nullptr : &*found;
}

void Members::wrong(const char* name, const char* wanted) const {
  if (problem_.empty()) problem_ = std::string(name) + " must be " + wanted;
}

std::string Members::text(const char* name) const {
  const json* value = find(name);
  if (!value) return "";
  if (value->is_string()) return json_text(*value);
  wrong(name, "a string");
  return "";
}

std::optional<double> Members::number(const char* name) const {
  const json* value = find(name);
  if (!value) return std::nullopt;
  if (value->is_number()) return json_number(*value);
  wrong(name, "a number");
  return std::nullopt;
}

std::optional<int> Members::integer(const char* name) const {
  const json* value = find(name);
  if (!value) return std::nullopt;
  const double given = value->is_number() ? json_number(*value) : 0.5;
  if (given == std::trunc(given) && given >= std::numeric_limits<int>::min() &&
      given <= std::numeric_limits<int>::max())
    return static_cast<int>(given);
  wrong(name, "a whole number of 32 bits");
  return std::nullopt;
}

std::optional<bool> Members::boolean(const char* name) const {
  const json* value = find(name);
  if (!value) return std::nullopt;
  if (value->is_boolean()) return json_flag(*value);
  wrong(name, "true or false");
  return std::nullopt;
}

std::optional<WallTime> Members::time_ms(const char* name) const {
  constexpr double kMost = 9e12;  // in milliseconds; what WallTime can hold
  const auto value = number(name);
  if (!value) return std::nullopt;
  if (std::abs(*value) < kMost)
    return WallTime(std::chrono::milliseconds(static_cast<int64_t>(*value)));
  wrong(name, "a time");
  return std::nullopt;
}

const json& Members::list(const char* name) const {
  static const json kEmpty = json::array();
  const json* value = find(name);
  if (value && value->is_array()) return *value;
  if (value) wrong(name, "a list");
  return kEmpty;
}

const json& Members::object(const char* name) const {
  static const json kEmpty = json::object();
  const json* value = find(name);
  if (value && value->is_object()) return *value;
  if (value) wrong(name, "a structure");
  return kEmpty;
}

}  // namespace kiln::scaling
