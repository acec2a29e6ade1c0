#include "notify/filter_condition.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "notify/json_text.h"
#include "notify/sns_error.h"

namespace kiln::notify {
namespace {

using nlohmann::json;

// Numbers are compared to five digits after the point.
constexpr double kDigits = 1e5;
constexpr double kMaxScaled = 1e15;

double rounded(double value) {
  const double scaled = value * kDigits;
  return std::abs(scaled) < kMaxScaled ? std::round(scaled) / kDigits : value;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

Error refused(const std::string& why) { return invalid_parameter("FilterPolicy: " + why); }

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

std::optional<FilterCondition::Operand> FilterCondition::operand_of(const json& value) {
  if (value.is_null()) return Operand();
  if (value.is_boolean()) return Operand(value.get<bool>());
  if (value.is_number()) return Operand(rounded(value.get<double>()));
  if (value.is_string()) return Operand(value.get<std::string>());
  return std::nullopt;
}

Result<FilterCondition> FilterCondition::parse(const json& condition) {
  if (auto operand = operand_of(condition)) {
    FilterCondition out;
    out.operands_.push_back(std::move(*operand));
    return out;
  }
  if (!condition.is_object()) {
    return refused("Match value must be String, number, true, false, or null");
  }
  if (condition.size() != 1) return refused("Only one key allowed in match expression");
  return parse_operator(condition.begin().key(), condition.begin().value());
}

Result<FilterCondition> FilterCondition::parse_operator(const std::string& name,
                                                        const json& value) {
  if (name == "prefix") return with_text(Kind::kPrefix, name, value);
  if (name == "suffix") return with_text(Kind::kSuffix, name, value);
  if (name == "equals-ignore-case") return with_text(Kind::kEqualIgnoringCase, name, value);
  if (name == "anything-but") return parse_anything_but(value);
  if (name == "numeric") return parse_numeric(value);
  if (name == "cidr") return parse_cidr(value);
  if (name == "exists") {
    if (!value.is_boolean()) {
      return refused("exists match pattern must be either true or false.");
    }
    FilterCondition out;
    out.kind_ = value.get<bool>() ? Kind::kPresent : Kind::kAbsent;
    return out;
  }
  return refused("Unrecognized match type " + name);
}

Result<FilterCondition> FilterCondition::with_text(Kind kind, const std::string& name,
                                                   const json& value) {
  if (!value.is_string()) return refused(name + " match pattern must be a string");
  FilterCondition out;
  out.kind_ = kind;
  out.text_ = value.get<std::string>();
  return out;
}

Result<FilterCondition> FilterCondition::parse_anything_but(const json& value) {
  if (value.is_object()) {
    if (value.size() != 1) return refused("Only one key allowed in match expression");
    const std::string& name = value.begin().key();
    if (name == "prefix") return with_text(Kind::kAnythingButPrefix, name, value.begin().value());
    if (name == "suffix") return with_text(Kind::kAnythingButSuffix, name, value.begin().value());
    return refused("Unsupported anything-but pattern: " + name);
  }
  FilterCondition out;
  out.kind_ = Kind::kAnythingBut;
  const json list = value.is_array() ? value : json::array({value});
  if (list.empty()) return refused("Empty arrays are not allowed");
  for (const json& element : list) {
    auto operand = element.is_string() || element.is_number() ? operand_of(element) : std::nullopt;
    if (!operand) {
      return refused("Value of anything-but must be an array or single string/number value.");
    }
    // All texts or all numbers.
    if (!out.operands_.empty() && out.operands_[0].index() != operand->index()) {
      return refused(
          "Inside anything but list, either all values are number or string, mixed type "
          "is not supported");
    }
    out.operands_.push_back(std::move(*operand));
  }
  return out;
}

Result<FilterCondition> FilterCondition::parse_numeric(const json& value) {
  if (!value.is_array()) return refused("Value of numeric must be an array.");
  if (value.empty()) return refused("Invalid member in numeric match: ]");
  FilterCondition out;
  out.kind_ = Kind::kNumeric;
  if (!value[0].is_string()) {
    return refused("Invalid member in numeric match: " + to_text(value[0]));
  }
  const auto first = value[0].get<std::string>();
  if (first != "=" && first != "<" && first != "<=" && first != ">" && first != ">=") {
    return refused("Unrecognized numeric range operator: " + first);
  }
  if (value.size() < 2 || !value[1].is_number()) {
    return refused("Value of " + shown(first) + " must be numeric");
  }
  const Bound bound{rounded(value[1].get<double>()), first.ends_with('=')};
  if (first != "<" && first != "<=") out.low_ = bound;
  if (first != ">" && first != ">=") out.high_ = bound;
  if (value.size() == 2) return out;
  if (out.high_) return refused("Too many elements in numeric expression");
  if (!value[2].is_string()) return refused("Bad value in numeric range: " + to_text(value[2]));
  const auto second = value[2].get<std::string>();
  if (second != "<" && second != "<=") return refused("Bad numeric range operator: " + second);
  if (value.size() < 4 || !value[3].is_number()) {
    return refused("Value of " + second + " must be numeric");
  }
  out.high_ = Bound{rounded(value[3].get<double>()), second.ends_with('=')};
  if (out.high_->value <= out.low_->value) return refused("Bottom must be less than top");
  if (value.size() > 4) return refused("Too many terms in numeric range expression");
  return out;
}

Result<FilterCondition> FilterCondition::parse_cidr(const json& value) {
  if (!value.is_string()) return refused("prefix match pattern must be a string");
  const auto text = value.get<std::string>();
  const Error malformed = refused("Malformed CIDR, '" + text + "' is not ADDRESS/BITS");
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return malformed;
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return malformed;
  FilterCondition out;
  out.kind_ = Kind::kCidr;
  out.network_.address = address->first;
  out.network_.bytes = address->second;
  const char* const end = text.data() + text.size();
  const auto [stop, error] =
      std::from_chars(text.data() + slash + 1, end, out.network_.prefix_bits);
  if (error != std::errc() || stop != end || out.network_.prefix_bits > address->second * 8) {
    return malformed;
  }
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
    case Kind::kAnythingButSuffix:
      return text && !text->ends_with(text_);
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
