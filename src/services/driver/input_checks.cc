#include "services/driver/input_checks.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "base/characters.h"

namespace kiln::services {
namespace {

constexpr size_t kShown = 1000;  // of a value, in an error

std::string shown(std::string value) {
  if (value.size() > kShown) value.resize(kShown);
  return value;
}

template <class Texts>
std::string listed(const Texts& texts) {
  std::string out = "[";
  for (const auto& text : texts) {
    if (out.size() > 1) out += ", ";
    out += text;
  }
  return out + "]";
}

}  // namespace

Error constraint_error(std::string message) {
  return {ErrorKind::kInvalid, "ValidationError", std::move(message)};
}

bool is_tag_text(std::string_view text) {
  return ascii::all(text, [](char c) {
    return (c & 0x80) != 0 || ascii::is_alnum(c) ||
           std::string_view(" _.:/=+-@").find(c) != std::string_view::npos;
  });
}

void InputChecks::broken(const char* name, const std::string& value,
                         const std::string& constraint) {
  std::string member = name;
  member[0] = ascii::lower(member[0]);
  problems_.push_back("Value " + value + " at '" + member +
                      "' failed to satisfy constraint: Member must " + constraint);
}

void InputChecks::require(const char* name, Need need) {
  if (need == Need::kRequired) broken(name, "null", "not be null");
}

std::string InputChecks::text(const char* name, size_t least, size_t most, Need need) {
  if (!in_.has(name)) require(name, need);
  std::string value = in_.text(name);
  if (!in_.has(name)) return value;
  const std::string quoted = "'" + shown(value) + "'";
  if (characters(value) < least)
    broken(name, quoted, "have length greater than or equal to " + std::to_string(least));
  if (characters(value) > most)
    broken(name, quoted, "have length less than or equal to " + std::to_string(most));
  return value;
}

std::string InputChecks::one_of(const char* name, const std::vector<std::string_view>& allowed,
                                Need need) {
  if (!in_.has(name)) {
    require(name, need);
    return "";
  }
  std::string value = in_.text(name);
  check_value(name, value, allowed);
  return value;
}

void InputChecks::check_value(const char* name, const std::string& value,
                              const std::vector<std::string_view>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
    broken(name, "'" + shown(value) + "'", "satisfy enum value set: " + listed(allowed));
}

std::optional<int64_t> InputChecks::integer(const char* name, int64_t least, int64_t most,
                                            Need need) {
  if (!in_.has(name)) require(name, need);
  const auto value = in_.integer(name);
  if (!value) return value;
  const std::string quoted = "'" + std::to_string(*value) + "'";
  if (*value < least)
    broken(name, quoted, "have value greater than or equal to " + std::to_string(least));
  if (*value > most)
    broken(name, quoted, "have value less than or equal to " + std::to_string(most));
  return value;
}

std::vector<std::string> InputChecks::texts(const char* name, size_t most, Need need,
                                            size_t longest) {
  if (!in_.has(name)) require(name, need);
  std::vector<std::string> values = in_.texts(name);
  if (values.size() > most)
    broken(name, "'" + shown(listed(values)) + "'",
           "have length less than or equal to " + std::to_string(most));
  const auto fits = [longest](const std::string& value) {
    return !value.empty() && characters(value) <= longest;
  };
  if (longest > 0 && !std::all_of(values.begin(), values.end(), fits))
    broken(name, "'" + shown(listed(values)) + "'",
           "satisfy constraint: [Member must have length less than or equal to " +
               std::to_string(longest) + ", Member must have length greater than or equal to 1]");
  return values;
}

void InputChecks::length(const char* name, size_t most) {
  const auto& list = in_.list(name);
  if (list.size() > most)
    broken(name, "'[" + std::to_string(list.size()) + " items]'",
           "have length less than or equal to " + std::to_string(most));
}

Result<void> InputChecks::result() const {
  if (!in_.status()) return in_.status();
  if (problems_.empty()) return {};
  std::string message = std::to_string(problems_.size()) + " validation error" +
                        (problems_.size() == 1 ? "" : "s") + " detected: ";
  for (size_t i = 0; i < problems_.size(); ++i) message += (i ? "; " : "") + problems_[i];
  return constraint_error(std::move(message));
}

}  // namespace kiln::services
