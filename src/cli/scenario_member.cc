#include "cli/scenario_member.h"

#include <fmt/format.h>

#include <cmath>

#include "base/duration_text.h"
#include "cli/scenario_file.h"
#include "cli/usage.h"

namespace kiln::cli {

Member Member::at(const std::string& name) const {
  return {value_.at(name), file_, place_.empty() ? name : place_ + "." + name, error_};
}

Member Member::item(size_t index) const {
  return {value_[index], file_, fmt::format("{}[{}]", place_, index), error_};
}

void Member::fail(const std::string& why) const {
  if (failed()) return;
  *error_ = usage(fmt::format("'{}'{}{}: {}", file_, place_.empty() ? "" : ", ", place_, why));
}

Result<void> Member::result() const {
  if (failed()) return **error_;
  return {};
}

void Member::only(const std::set<std::string>& names) const {
  if (!value_.is_object())
    return fail(fmt::format("must be an object, not {}", value_.kind_name()));
  for (const Json::Member& member : value_.members()) {
    if (names.contains(member.name)) continue;
    std::string known;
    for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
    return fail(fmt::format("there is no '{}' here; known are {}", member.name, known));
  }
}

std::optional<double> Member::number(const std::string& name, double least, double most) const {
  const Member member = at(name);
  if (!member.is_there()) return std::nullopt;
  const auto value = member.value().number();
  if (value && *value >= least && *value <= most) return value;
  member.fail(fmt::format("must be a number from {:g} to {:g}", least, most));
  return std::nullopt;
}

std::optional<int> Member::whole(const std::string& name, int least, int most) const {
  const auto value = number(name, least, most);
  if (!value) return std::nullopt;
  if (*value == std::floor(*value)) return static_cast<int>(*value);
  at(name).fail("must be a whole number");
  return std::nullopt;
}

std::optional<std::string> Member::text(const std::string& name) const {
  const Member member = at(name);
  if (!member.is_there()) return std::nullopt;
  if (member.value().is_text()) return member.value().text();
  member.fail("must be a text");
  return std::nullopt;
}

std::optional<bool> Member::boolean(const std::string& name) const {
  const Member member = at(name);
  if (!member.is_there()) return std::nullopt;
  const auto value = member.value().boolean();
  if (!value) member.fail("must be true or false");
  return value;
}

std::optional<double> Member::share(const std::string& name) const {
  const Member member = at(name);
  if (!member.is_there()) return std::nullopt;
  if (member.value().is_text()) return member.take(parse_share(member.value().text()));
  return number(name, 0, 1);
}

std::optional<int64_t> Member::duration(const std::string& name) const {
  const Member member = at(name);
  if (!member.is_there()) return std::nullopt;
  constexpr double kMostSeconds = 3e9;
  if (const auto seconds = member.value().number()) {
    if (*seconds >= 0 && *seconds <= kMostSeconds) return static_cast<int64_t>(*seconds * 1e9);
    member.fail("must not be negative");
    return std::nullopt;
  }
  const auto parsed = member.take(parse_duration(member.value().text()));
  if (!parsed) return std::nullopt;
  return parsed->count();
}

Result<double> parse_share(const std::string& text) {
  std::string rest = text;
  const bool percent = rest.ends_with('%');
  if (percent) rest.pop_back();
  char* end = nullptr;
  const double value = std::strtod(rest.c_str(), &end) / (percent ? 100 : 1);
  if (!rest.empty() && *end == '\0' && value >= 0 && value <= 1) return value;
  return usage("'" + text + "' is no share; write 1% or 0.01");
}

}  // namespace kiln::cli
