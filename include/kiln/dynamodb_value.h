// What an attribute of a DynamoDB item holds.
//
//   using kiln::dynamodb::Value;
//   kiln::dynamodb::Item item = {
//       {"id", "o-1"}, {"amount", Value::number("12.50")}, {"paid", true}};
//   const auto kept = Value::parse(R"({"big": 12345678901234567890.123456789})");  // all digits
//
// A number is kept as its text, all 38 digits of it: DynamoDB's numbers are decimal, and a double
// is not. to_json() makes it a JSON number only when that is the same number, else a text.
//
// Threading and ownership: plain values. It does not check what the service does: how many digits,
// which names, how big.
#pragma once

#include <concepts>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kiln::dynamodb {

class Value;
using Item = std::map<std::string, Value>;
using List = std::vector<Value>;

struct Null {
  bool operator==(const Null&) const = default;
};
struct Number {
  std::string text;
  bool operator==(const Number&) const = default;
};
struct Binary {
  std::string bytes;
  bool operator==(const Binary&) const = default;
};
struct StringSet {
  std::vector<std::string> values;
  bool operator==(const StringSet&) const = default;
};
struct NumberSet {
  std::vector<std::string> values;
  bool operator==(const NumberSet&) const = default;
};
struct BinarySet {
  std::vector<std::string> values;
  bool operator==(const BinarySet&) const = default;
};

class Value {
 public:
  using Variant = std::variant<Null, bool, std::string, Number, Binary, List, Item, StringSet,
                               NumberSet, BinarySet>;

  Value() = default;  // Null
  Value(const char* text) : held_(std::string(text)) {}
  Value(std::string_view text) : held_(std::string(text)) {}
  Value(std::string text) : held_(std::move(text)) {}
  Value(std::same_as<bool> auto value) : held_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) Value(T value) : held_(Number{std::to_string(value)}) {}
  Value(double value);  // its shortest text; throws std::invalid_argument unless finite
  Value(Variant held) : held_(std::move(held)) {}
  Value(List list) : held_(std::move(list)) {}
  Value(Item map) : held_(std::move(map)) {}
  static Value number(std::string text) { return Value(Variant(Number{std::move(text)})); }
  static Value binary(std::string bytes) { return Value(Variant(Binary{std::move(bytes)})); }

  const Variant& held() const { return held_; }
  // The value of that type, or null when it is another: value.get_if<std::string>().
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&held_);
  }
  bool operator==(const Value&) const = default;

  // From a document. Its numbers are doubles or 64-bit integers: digits beyond those are gone
  // already.
  static Value from_json(const nlohmann::json& document);
  // From the text of a document: numbers keep their text. Throws std::invalid_argument.
  static Value parse(std::string_view json);
  // Sets become lists, bytes base64.
  nlohmann::json to_json() const;

  // The service's own form, {"N": "12.50"}. Throws std::invalid_argument for what is none.
  static Value from_attribute(const nlohmann::json& attribute);
  nlohmann::json to_attribute() const;

 private:
  Variant held_;
};

Item item_from_attributes(const nlohmann::json& attributes);  // throws std::invalid_argument
nlohmann::json item_to_attributes(const Item& item);

}  // namespace kiln::dynamodb
