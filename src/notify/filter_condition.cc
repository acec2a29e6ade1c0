#include "notify/filter_condition.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "base/json_access.h"
#include "notify/json_text.h"
#include "notify/sns_error.h"

namespace kiln::notify {
namespace {

using Json = PolicyText::Json;
using At = PolicyText::At;

constexpr const char* kOneKey = "Only one key allowed in match expression";

// Numbers are compared to five digits after the point.
constexpr double kDigits = 1e5;
constexpr double kMaxScaled = 1e15;

double rounded(double value) {
  const double scaled = value * kDigits;
  return std::abs(scaled) < kMaxScaled ? std::round(scaled) / kDigits : value;
}

using ascii::lower;

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

// What an operator of numeric is called in an error.
std::string shown(const std::string& op) { return op == "=" ? "equals" : op; }

std::optional<std::pair<std::array<uint8_t, 16>, size_t>> parse_address(std::string_view text) {
  std::array<uint8_t, 16> out = {};
  const std::string z(text);
  if (::inet_pton(AF_INET, z.c_str(), out.data()) == 1) return {{out, 4}};
  if (::inet_pton(AF_INET6, z.c_str(), out.data()) == 1) return {{out, 16}};
  return std::nullopt;
}

}  // namespace

std::optional<FilterCondition::Operand> FilterCondition::operand_of(const Json& value) {
  if (value.is_null()) return Operand();
  if (value.is_boolean()) return Operand(json_flag(value));
  if (value.is_number()) return Operand(rounded(json_number(value)));
  if (value.is_string()) return Operand(json_text(value));
  return std::nullopt;
}

Result<FilterCondition> FilterCondition::parse(const PolicyText& text, const Json& condition) {
  if (auto operand = operand_of(condition)) {
    FilterCondition out;
    out.operands_.push_back(std::move(*operand));
    return out;
  }
  if (!condition.is_object())
    return text.refused("Match value must be String, number, true, false, or null", condition);
  if (condition.empty()) return text.refused(kOneKey, condition, At::kRead);
  auto out = parse_operator(text, condition.begin().key(), condition.begin().value());
  if (out && condition.size() > 1) return text.refused(kOneKey, (++condition.begin()).value());
  return out;
}

Result<FilterCondition> FilterCondition::parse_operator(const PolicyText& text,
                                                        const std::string& name,
                                                        const Json& value) {
  if (name == "prefix") return with_text(text, Kind::kPrefix, name, value);
  if (name == "suffix") return with_text(text, Kind::kSuffix, name, value);
  if (name == "equals-ignore-case") return with_text(text, Kind::kEqualIgnoringCase, name, value);
  if (name == "anything-but") return parse_anything_but(text, value);
  if (name == "numeric") return parse_numeric(text, value);
  if (name == "cidr") return parse_cidr(text, value);
  if (name == "exists") {
    if (!value.is_boolean())
      return text.refused("exists match pattern must be either true or false.", value);
    FilterCondition out;
    out.kind_ = json_flag(value) ? Kind::kPresent : Kind::kAbsent;
    return out;
  }
  return text.refused("Unrecognized match type " + name, value);
}

Result<FilterCondition> FilterCondition::with_text(const PolicyText& text, Kind kind,
                                                   const std::string& name, const Json& value) {
  if (!value.is_string()) return text.refused(name + " match pattern must be a string", value);
  FilterCondition out;
  out.kind_ = kind;
  out.text_ = json_text(value);
  return out;
}

Result<FilterCondition> FilterCondition::parse_anything_but(const PolicyText& text,
                                                            const Json& value) {
  if (value.is_object()) {
    if (value.empty()) return text.refused(kOneKey, value, At::kRead);
    const std::string& name = value.begin().key();
    const Json& pattern = value.begin().value();
    if (name != "prefix") return text.refused("Unsupported anything-but pattern: " + name, pattern);
    auto out = with_text(text, Kind::kAnythingButPrefix, name, pattern);
    if (out && value.size() > 1) return text.refused(kOneKey, (++value.begin()).value());
    return out;
  }
  FilterCondition out;
  out.kind_ = Kind::kAnythingBut;
  if (value.is_array() && value.empty())
    return text.refused("Empty arrays are not allowed", value, At::kRead);
  const auto add = [&](const Json& element) -> Result<void> {
    auto operand = element.is_string() || element.is_number() ? operand_of(element) : std::nullopt;
    if (!operand)
      return text.refused("Value of anything-but must be an array or single string/number value.",
                          element);
    // All texts or all numbers.
    if (!out.operands_.empty() && out.operands_[0].index() != operand->index())
      return text.refused(
          "Inside anything but list, either all values are number or string, mixed type is not "
          "supported",
          element);
    out.operands_.push_back(std::move(*operand));
    return {};
  };
  if (!value.is_array()) {
    if (auto added = add(value); !added) return added.error();
    return out;
  }
  for (const Json& element : value)
    if (auto added = add(element); !added) return added.error();
  return out;
}

Result<FilterCondition> FilterCondition::parse_numeric(const PolicyText& text, const Json& value) {
  if (!value.is_array()) return text.refused("Value of numeric must be an array.", value);
  if (value.empty()) return text.refused("Invalid member in numeric match: ]", value, At::kRead);
  FilterCondition out;
  out.kind_ = Kind::kNumeric;
  if (!value[0].is_string())
    return text.refused("Invalid member in numeric match: " + to_text(value[0]), value[0]);
  const auto first = json_text(value[0]);
  if (first != "=" && first != "<" && first != "<=" && first != ">" && first != ">=")
    return text.refused("Unrecognized numeric range operator: " + first, value[0], At::kNext);
  if (value.size() < 2 || !value[1].is_number())
    return text.refused("Value of " + shown(first) + " must be numeric", value[0], At::kNext);
  const Bound bound{rounded(json_number(value[1])), first.ends_with('=')};
  if (first != "<" && first != "<=") out.low_ = bound;
  if (first != ">" && first != ">=") out.high_ = bound;
  if (value.size() == 2) return out;
  if (out.high_)
    return text.refused("Too many elements in numeric expression", value[1], At::kNext);
  if (!value[2].is_string())
    return text.refused("Bad value in numeric range: " + to_text(value[2]), value[2]);
  const auto second = json_text(value[2]);
  if (second != "<" && second != "<=")
    return text.refused("Bad numeric range operator: " + second, value[2], At::kRead);
  if (value.size() < 4 || !value[3].is_number())
    return text.refused("Value of " + second + " must be numeric", value[2], At::kNext);
  out.high_ = Bound{rounded(json_number(value[3])), second.ends_with('=')};
  if (out.high_->value <= out.low_->value)
    return text.refused("Bottom must be less than top", value[3], At::kNext);
  if (value.size() > 4)
    return text.refused("Too many terms in numeric range expression", value[3], At::kNext);
  return out;
}

Result<FilterCondition> FilterCondition::parse_cidr(const PolicyText& text, const Json& value) {
  if (!value.is_string()) return text.refused("prefix match pattern must be a string", value);
  const auto cidr = json_text(value);
  const size_t slash = cidr.find('/');
  if (slash == std::string::npos || cidr.find('/', slash + 1) != std::string::npos)
    return refused_policy("Malformed CIDR, one '/' required");
  FilterCondition out;
  const char* const end = cidr.data() + cidr.size();
  int bits = 0;
  const auto [stop, error] = std::from_chars(cidr.data() + slash + 1, end, bits);
  if (error != std::errc() || stop != end)
    return refused_policy("Malformed CIDR, mask bits must be an integer");
  const auto address = parse_address(cidr.substr(0, slash));
  if (!address) return refused_policy("Nonstandard IP address: " + cidr.substr(0, slash));
  if (bits < 0 || static_cast<size_t>(bits) > address->second * 8)
    return refused_policy("Malformed CIDR, '" + cidr + "' is not ADDRESS/BITS");
  out.kind_ = Kind::kCidr;
  out.network_.address = address->first;
  out.network_.bytes = address->second;
  out.network_.prefix_bits = static_cast<unsigned>(bits);
  return out;
}

bool FilterCondition::is_operand(const FilterValue& value) const {
  return std::any_of(operands_.begin(), operands_.end(), [&](const Operand& operand) {
    if (operand.index() != value.index()) return false;
    if (const auto* text = std::get_if<std::string>(&operand)) {
      return *text == std::get<std::string_view>(value);
    }
    if (const auto* number = std::get_if<double>(&operand)) {
      return *number == rounded(std::get<double>(value));
    }
    const auto* flag = std::get_if<bool>(&operand);
    return !flag || *flag == std::get<bool>(value);
  });
}

bool FilterCondition::in_range(double value) const {
  const double v = rounded(value);
  if (low_ && !(v > low_->value || (low_->included && v == low_->value))) return false;
  return !high_ || v < high_->value || (high_->included && v == high_->value);
}

bool FilterCondition::in_network(std::string_view text) const {
  const auto address = parse_address(text);
  if (!address || address->second != network_.bytes) return false;
  for (unsigned bit = 0; bit < network_.prefix_bits; bit += 8) {
    const unsigned bits = std::min(8U, network_.prefix_bits - bit);
    const auto mask = static_cast<uint8_t>(0xff00U >> bits);
    if (((address->first[bit / 8] ^ network_.address[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

bool FilterCondition::matches(const FilterValue& value) const {
  const auto* text = std::get_if<std::string_view>(&value);
  switch (kind_) {
    case Kind::kEqual:
      return is_operand(value);
    case Kind::kPrefix:
      return text && text->starts_with(text_);
    case Kind::kSuffix:
      return text && text->ends_with(text_);
    case Kind::kEqualIgnoringCase:
      return text && equal_ignoring_case(*text, text_);
    case Kind::kAnythingBut:
      return !is_operand(value);
    case Kind::kAnythingButPrefix:
      return text && !text->starts_with(text_);
    case Kind::kNumeric: {
      const auto* number = std::get_if<double>(&value);
      return number && in_range(*number);
    }
    case Kind::kCidr:
      return text && in_network(*text);
    case Kind::kPresent:
      return true;
    case Kind::kAbsent:
      return false;
  }
  return false;
}

}  // namespace kiln::notify
