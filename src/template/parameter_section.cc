// One member of Parameters.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "template/parameter_type.h"
#include "template/pattern.h"
#include "template/sections.h"

namespace kiln::cfn {
namespace {

template <class Number>
std::optional<Number> number_of(const std::string& text) {
  Number out{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>)
    if (!std::isfinite(out)) return std::nullopt;
  return out;
}

class ParameterReader {
 public:
  ParameterReader(const Member& member, std::vector<Problem>& problems)
      : member_(member), problems_(problems) {
    out_.name = member.name;
    out_.place = member.place;
  }

  Parameter read() {
    if (!member_.value.is_map()) {
      if (member_.value.kind != Node::Kind::kNull)
        wrong(member_.place, "Every Parameters member must be a map: " + member_.name);
      return out_;
    }
    for (const Member& field : member_.value.map) read_field(field);
    if (out_.type.empty())
      wrong(member_.place, "Every Parameters object must contain a Type member: " + member_.name);
    else if (!is_parameter_type(out_.type))
      wrong(member_.place, "Unrecognized parameter type: " + out_.type);
    return std::move(out_);
  }

 private:
  void wrong(Place place, const std::string& message) { report(problems_, place, message); }

  void read_field(const Member& field) {
    const Node& value = field.value;
    if (field.name == "AllowedValues") {
      if (!value.is_list())
        wrong(value.place, "AllowedValues of the parameter " + member_.name + " must be a list");
      for (const Node& allowed : value.list) out_.allowed_values.push_back(scalar_text(allowed));
    } else if (value.is_list() || value.is_map()) {
      wrong(value.place, field.name + " of the parameter " + member_.name + " must be a text");
    } else if (field.name == "Type") {
      out_.type = value.text;
    } else if (field.name == "Default") {
      out_.default_value = value.text;
    } else if (field.name == "Description") {
      out_.description = value.text;
    } else if (field.name == "ConstraintDescription") {
      out_.constraint_description = value.text;
    } else if (field.name == "AllowedPattern") {
      out_.allowed_pattern = value.text;
      const Pattern pattern(value.text);
      if (!pattern.ok())
        wrong(value.place,
              "AllowedPattern of the parameter " + member_.name +
                  " is no regular expression that can be checked here: " + pattern.error());
    } else if (field.name == "NoEcho") {
      out_.no_echo = value.text == "true" || value.text == "True";
    } else if (field.name == "MinValue") {
      out_.min_value = number<double>(field);
    } else if (field.name == "MaxValue") {
      out_.max_value = number<double>(field);
    } else if (field.name == "MinLength") {
      out_.min_length = number<uint64_t>(field);
    } else if (field.name == "MaxLength") {
      out_.max_length = number<uint64_t>(field);
    } else {
      wrong(field.place, "Invalid template parameter property '" + field.name + "'");
    }
  }

  template <class Number>
  std::optional<Number> number(const Member& field) {
    auto out = number_of<Number>(field.value.text);
    if (!out)
      wrong(field.value.place, field.name + " of the parameter " + member_.name +
                                   " must be a number, not '" + field.value.text + "'");
    return out;
  }

  const Member& member_;
  std::vector<Problem>& problems_;
  Parameter out_;
};

}  // namespace

Parameter read_parameter(const Member& member, std::vector<Problem>& problems) {
  return ParameterReader(member, problems).read();
}

}  // namespace kiln::cfn
