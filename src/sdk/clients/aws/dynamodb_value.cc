#include "kiln/dynamodb_value.h"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "sdk/clients/aws/text.h"

namespace kiln::dynamodb {
namespace {

using nlohmann::json;

constexpr int kMaxDepth = 64;  // DynamoDB's own limit is 32

[[noreturn]] void refuse(const std::string& problem) { throw std::invalid_argument(problem); }

// A decimal number in one form: digits without zeros at either end, and the power of ten behind
// them. "12.50", "1.25e1" and "125E-1" are the same.
struct Decimal {
  bool negative = false;
  std::string digits;  // empty: zero
  long exponent = 0;
  bool operator==(const Decimal&) const = default;
};

std::optional<Decimal> decimal(std::string_view text) {
  Decimal out;
  if (text.starts_with('-') || text.starts_with('+')) {
    out.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const size_t e = std::min(text.find_first_of("eE"), text.size());
  if (e < text.size()) {
    std::string_view power = text.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    const auto [end, error] =
        std::from_chars(power.data(), power.data() + power.size(), out.exponent);
    if (error != std::errc() || end != power.data() + power.size() ||
        std::labs(out.exponent) > 100'000)
      return std::nullopt;
  }
  bool fraction = false;
  for (const char c : text.substr(0, e)) {
    if (c == '.' && !fraction) {
      fraction = true;
    } else if (c >= '0' && c <= '9') {
      if (c != '0' || !out.digits.empty()) out.digits += c;
      if (fraction) --out.exponent;
    } else {
      return std::nullopt;
    }
  }
  if (text.substr(0, e).find_first_of("0123456789") == std::string_view::npos) return std::nullopt;
  while (out.digits.ends_with('0')) {
    out.digits.pop_back();
    ++out.exponent;
  }
  if (out.digits.empty()) return Decimal{};
  return out;
}

// The fewest digits that are this double and no other; to_chars' plain form has more for big ones.
std::string shortest(double value) {
  std::array<char, 32> out;
  const auto end =
      std::to_chars(out.data(), out.data() + out.size(), value, std::chars_format::scientific);
  return {out.data(), end.ptr};
}

template <class T>
std::optional<T> whole(const std::string& text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// As a JSON number where that is the same number.
json number_to_json(const std::string& text) {
  if (const auto value = whole<int64_t>(text)) return *value;
  if (const auto value = whole<uint64_t>(text)) return *value;
  if (const auto value = whole<double>(text); value && std::isfinite(*value)) {
    const auto exact = decimal(text);
    if (exact && exact == decimal(shortest(*value))) return *value;
  }
  return text;
}

// Builds a Value from the events of the parser, which hands out the text of each number that is not
// a 64-bit integer.
class Builder : public nlohmann::json_sax<json> {
 public:
  Value take() { return std::move(root_); }
  const std::string& problem() const { return problem_; }

  bool null() override { return add(Value()); }
  bool boolean(bool value) override { return add(Value(value)); }
  bool number_integer(number_integer_t value) override { return add(Value(value)); }
  bool number_unsigned(number_unsigned_t value) override { return add(Value(value)); }
  bool number_float(number_float_t, const string_t& text) override {
    return add(Value::number(text));
  }
  bool string(string_t& text) override { return add(Value(std::move(text))); }
  bool binary(binary_t&) override { return false; }
  bool key(string_t& name) override {
    open_.back().key = std::move(name);
    return true;
  }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) override {
    problem_ = e.what();
    return false;
  }

 private:
  struct Open {
    bool is_map = false;
    Item map = {};
    List list = {};
    std::string key = {};
  };

  bool open(bool is_map) {
    if (open_.size() == kMaxDepth) {
      problem_ = "it is nested deeper than " + std::to_string(kMaxDepth);
      return false;
    }
    open_.push_back({.is_map = is_map});
    return true;
  }
  bool close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    return add(done.is_map ? Value(std::move(done.map)) : Value(std::move(done.list)));
  }
  bool add(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().is_map) {
      open_.back().map[std::move(open_.back().key)] = std::move(value);
    } else {
      open_.back().list.push_back(std::move(value));
    }
    return true;
  }

  std::vector<Open> open_;
  Value root_;
  std::string problem_;
};

Value from_json(const json& document, int depth) {
  if (depth == kMaxDepth) refuse("a document nested deeper than " + std::to_string(kMaxDepth));
  switch (document.type()) {
    case json::value_t::boolean:
      return document.get<bool>();
    case json::value_t::string:
      return document.get<std::string>();
    case json::value_t::number_integer:
      return document.get<int64_t>();
    case json::value_t::number_unsigned:
      return document.get<uint64_t>();
    case json::value_t::number_float:
      return document.get<double>();
    case json::value_t::array: {
      List list;
      for (const json& element : document) list.push_back(from_json(element, depth + 1));
      return list;
    }
    case json::value_t::object: {
      Item map;
      for (const auto& [name, member] : document.items()) map[name] = from_json(member, depth + 1);
      return map;
    }
    default:
      return {};
  }
}

std::string text_in(const json& value, const char* type) {
  if (!value.is_string()) refuse(std::string("an attribute of type ") + type + " that is no text");
  return value.get<std::string>();
}

std::string bytes_in(const json& value) {
  auto bytes = aws::base64_decode(text_in(value, "B"));
  if (!bytes) refuse("an attribute of type B that is not base64");
  return *std::move(bytes);
}

std::vector<std::string> texts_in(const json& value, const char* type) {
  if (!value.is_array()) refuse(std::string("an attribute of type ") + type + " that is no list");
  std::vector<std::string> out;
  for (const json& element : value) out.push_back(text_in(element, type));
  return out;
}

Value from_attribute(const json& attribute, int depth);

Item map_in(const json& members, int depth) {
  if (!members.is_object()) refuse("attributes that are no object");
  Item item;
  for (const auto& [name, value] : members.items()) item[name] = from_attribute(value, depth + 1);
  return item;
}

Value from_attribute(const json& attribute, int depth) {
  if (!attribute.is_object() || attribute.size() != 1) refuse("an attribute value that is none");
  if (depth == kMaxDepth) refuse("attributes nested deeper than " + std::to_string(kMaxDepth));
  const std::string& type = attribute.begin().key();
  const json& value = *attribute.begin();
  if (type == "S") return text_in(value, "S");
  if (type == "N") return Value::number(text_in(value, "N"));
  if (type == "B") return Value::binary(bytes_in(value));
  if (type == "BOOL" && value.is_boolean()) return value.get<bool>();
  if (type == "NULL") return {};
  if (type == "M") return map_in(value, depth);
  if (type == "L" && value.is_array()) {
    List list;
    for (const json& element : value) list.push_back(from_attribute(element, depth + 1));
    return list;
  }
  if (type == "SS") return Value::Variant(StringSet{texts_in(value, "SS")});
  if (type == "NS") return Value::Variant(NumberSet{texts_in(value, "NS")});
  if (type == "BS" && value.is_array()) {
    BinarySet set;
    for (const json& element : value) set.values.push_back(bytes_in(element));
    return Value::Variant(std::move(set));
  }
  refuse("an attribute value of the type '" + type + "', which is none");
}

struct ToJson {
  json operator()(const Null&) const { return nullptr; }
  json operator()(bool value) const { return value; }
  json operator()(const std::string& text) const { return text; }
  json operator()(const Number& number) const { return number_to_json(number.text); }
  json operator()(const Binary& binary) const { return aws::base64_encode(binary.bytes); }
  json operator()(const List& list) const {
    json out = json::array();
    for (const Value& value : list) out.push_back(value.to_json());
    return out;
  }
  json operator()(const Item& map) const {
    json out = json::object();
    for (const auto& [name, value] : map) out[name] = value.to_json();
    return out;
  }
  json operator()(const StringSet& set) const { return set.values; }
  json operator()(const NumberSet& set) const {
    json out = json::array();
    for (const std::string& number : set.values) out.push_back(number_to_json(number));
    return out;
  }
  json operator()(const BinarySet& set) const {
    json out = json::array();
    for (const std::string& bytes : set.values) out.push_back(aws::base64_encode(bytes));
    return out;
  }
};

struct ToAttribute {
  json operator()(const Null&) const { return {{"NULL", true}}; }
  json operator()(bool value) const { return {{"BOOL", value}}; }
  json operator()(const std::string& text) const { return {{"S", text}}; }
  json operator()(const Number& number) const { return {{"N", number.text}}; }
  json operator()(const Binary& binary) const { return {{"B", aws::base64_encode(binary.bytes)}}; }
  json operator()(const List& list) const {
    json out = json::array();
    for (const Value& value : list) out.push_back(value.to_attribute());
    return {{"L", std::move(out)}};
  }
  json operator()(const Item& map) const { return {{"M", item_to_attributes(map)}}; }
  json operator()(const StringSet& set) const { return {{"SS", set.values}}; }
  json operator()(const NumberSet& set) const { return {{"NS", set.values}}; }
  json operator()(const BinarySet& set) const { return {{"BS", ToJson()(set)}}; }
};

}  // namespace

Value::Value(double value) {
  if (!std::isfinite(value)) refuse("DynamoDB has no number for what is not finite");
  std::array<char, 32> out;
  const auto end = std::to_chars(out.data(), out.data() + out.size(), value);
  held_ = Number{{out.data(), end.ptr}};
}

Value Value::from_json(const json& document) { return dynamodb::from_json(document, 0); }

Value Value::parse(std::string_view text) {
  Builder builder;
  if (!json::sax_parse(text, &builder)) refuse("this is no JSON document: " + builder.problem());
  return builder.take();
}

json Value::to_json() const { return std::visit(ToJson(), held_); }
json Value::to_attribute() const { return std::visit(ToAttribute(), held_); }
Value Value::from_attribute(const json& attribute) {
  return dynamodb::from_attribute(attribute, 0);
}

Item item_from_attributes(const json& attributes) { return map_in(attributes, 0); }

json item_to_attributes(const Item& item) {
  json out = json::object();
  for (const auto& [name, value] : item) out[name] = value.to_attribute();
  return out;
}

}  // namespace kiln::dynamodb
