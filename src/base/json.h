// A JSON value: null, boolean, integer, double, text, array or object. Content never throws and
// never ends the process: what isn't there, or is of another kind, reads as empty.
//
//   Result<Json> document = Json::parse(text);
//   if (!document) return document.error();
//   const std::string name = document->text_or("Name", "unnamed");
//   for (const Json& item : (*document)["Items"]) use(item.text());
//   const Json answer{{"Name", name}, {"Items", Json::array({1, 2.5, "three"})}};
//   send(answer.to_text());
//
// Objects keep the order in which members were set; a name is there once. Equality ignores that
// order and compares numbers by value. Finding a member is linear in small objects and constant in
// large ones; erasing is linear. Const reads are thread-safe. 16 bytes and one allocation for each
// text, array and object. Copying, writing and destroying recurse: what nests deeper than kMaxDepth
// is not parsed, and code that builds values stays below it.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace kiln {

// Where a text stops being JSON. Lines and columns count from 1, columns in characters.
struct JsonFault {
  size_t line = 0;
  size_t column = 0;
  std::string why;
};

template <class T>
concept JsonInteger = std::integral<T> && !std::same_as<T, bool>;
// Lists, sets and the like, and maps; not texts.
template <class T>
concept JsonContainer = requires {
  typename T::const_iterator;
}
&&!std::convertible_to<const T&, std::string_view>;

class Json {
 public:
  static constexpr size_t kMaxDepth = 500;
  enum class Kind : uint8_t {
    kNull,
    kBoolean,
    kInteger,   // fits int64_t
    kUnsigned,  // an integer that only uint64_t has
    kDouble,
    kText,
    kArray,
    kObject,
  };
  struct Member;
  class Init;

  // Strict: one value in UTF-8, no comments, no trailing commas; of members with one name the last
  // counts. Error: kInvalid, "line 1, column 5: syntax error …"; `fault` gets it in parts.
  static Result<Json> parse(std::string_view text, size_t max_depth = kMaxDepth,
                            JsonFault* fault = nullptr);
  // Null for text that is no JSON.
  static Json parse_or_null(std::string_view text);
  static Json array(std::initializer_list<Init> items = {});
  // REQUIRES: each item is a pair of a name and a value.
  static Json object(std::initializer_list<Init> members = {});

  Json() {}
  Json(std::nullptr_t) {}
  template <std::same_as<bool> T>
  Json(T value) : kind_(Kind::kBoolean) {
    value_.boolean = value;
  }
  template <JsonInteger T>
  Json(T value) : kind_(Kind::kInteger) {
    if constexpr (std::unsigned_integral<T> && sizeof(T) == sizeof(uint64_t)) {
      if (value > static_cast<uint64_t>(INT64_MAX)) kind_ = Kind::kUnsigned;
      value_.large = value;
    } else {
      value_.integer = value;
    }
  }
  Json(double value) : kind_(Kind::kDouble) { value_.real = value; }
  Json(float value) : Json(static_cast<double>(value)) {}
  Json(const char* text) : Json(std::string_view(text)) {}
  Json(std::string_view text);
  Json(std::string text);
  Json(std::vector<Json> items);
  // Lists, sets and the like become arrays; maps from text become objects.
  template <JsonContainer Container>
  Json(const Container& items) {
    if constexpr (requires { typename Container::mapped_type; }) {
      become(Kind::kObject);
      for (const auto& [name, value] : items) (*this)[std::string_view(name)] = Json(value);
    } else {
      become(Kind::kArray);
      for (const auto& item : items) push_back(Json(item));
    }
  }
  // {{"a", 1}, {"b", x}}: an object when every item is a pair of a text and a value, else an array.
  // So {value} is an array of one; copy with (value).
  Json(std::initializer_list<Init> items);

  Json(const Json& other) : kind_(other.kind_), value_(other.value_) {
    if (kind_ >= Kind::kText) copy(other);
  }
  Json(Json&& other) noexcept : kind_(other.kind_), value_(other.value_) {
    other.kind_ = Kind::kNull;
  }
  Json& operator=(Json other) noexcept {
    std::swap(kind_, other.kind_);
    std::swap(value_, other.value_);
    return *this;
  }
  ~Json() {
    if (kind_ >= Kind::kText) destroy();
  }

  Kind kind() const { return kind_; }
  const char* kind_name() const;  // "null", "boolean", "number", "string", "array", "object"
  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_boolean() const { return kind_ == Kind::kBoolean; }
  bool is_integer() const { return kind_ == Kind::kInteger || kind_ == Kind::kUnsigned; }
  bool is_number() const { return is_integer() || kind_ == Kind::kDouble; }
  bool is_text() const { return kind_ == Kind::kText; }
  bool is_array() const { return kind_ == Kind::kArray; }
  bool is_object() const { return kind_ == Kind::kObject; }

  const std::string& text() const;  // "" unless it is a text
  std::optional<bool> boolean() const;
  std::optional<double> number() const;
  // An integer that T has; a double that is whole counts.
  template <JsonInteger T = int64_t>
  std::optional<T> integer() const;

  // Elements of an array; of another kind: none.
  const std::vector<Json>& elements() const&;
  const std::vector<Json>& elements() const&& = delete;
  const Json* begin() const { return elements().data(); }
  const Json* end() const { return begin() + elements().size(); }
  Json* begin();
  Json* end() { return begin() + elements().size(); }
  // Members of an object, in order; of another kind: none.
  const std::vector<Member>& members() const&;
  const std::vector<Member>& members() const&& = delete;
  // Of elements or members.
  size_t size() const;
  bool empty() const { return size() == 0; }

  // Null when there is no such element or member.
  template <JsonInteger T>
  const Json& operator[](T index) const {
    return element(static_cast<size_t>(index));
  }
  const Json& operator[](std::string_view name) const { return at(name); }
  const Json& operator[](const char* name) const { return at(name); }
  const Json& at(std::string_view name) const;
  const Json* find(std::string_view name) const;
  Json* find(std::string_view name);
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  // The member's value, or `otherwise` when it is absent or of another kind.
  std::string text_or(std::string_view name, std::string_view otherwise) const;
  double number_or(std::string_view name, double otherwise) const;
  bool boolean_or(std::string_view name, bool otherwise) const;
  template <JsonInteger T>
  T integer_or(std::string_view name, T otherwise) const {
    return at(name).integer<T>().value_or(otherwise);
  }

  // These make the value an object or array when it is of another kind, and nulls for what isn't
  // there. References stay until the object or array is changed.
  Json& operator[](std::string_view name);
  Json& operator[](const char* name) { return (*this)[std::string_view(name)]; }
  Json& operator[](const std::string& name) { return (*this)[std::string_view(name)]; }
  template <JsonInteger T>
  Json& operator[](T index) {
    return element(static_cast<size_t>(index));
  }
  Json& push_back(Json item);
  // Sets the members of `other`.
  void update(const Json& other);
  // Whether it was there.
  bool erase(std::string_view name);
  bool erase(size_t index);

  // Compact. Bytes that are no UTF-8 become U+FFFD; numbers that JSON has no text for, null.
  std::string to_text() const;
  std::string to_pretty_text(size_t indent = 2) const;
  // With members sorted by name: equal values have equal texts, but for the way of writing numbers.
  std::string canonical_text() const;
  void append_to(std::string& out) const;

  friend bool operator==(const Json& a, const Json& b) { return equals(a, b); }
  friend std::ostream& operator<<(std::ostream& out, const Json& value);

 private:
  class Object;
  union Value {
    bool boolean;
    int64_t integer = 0;
    uint64_t large;
    double real;
    std::string* text;
    std::vector<Json>* array;
    Object* object;
  };

  static bool equals(const Json& a, const Json& b);
  void copy(const Json& other);
  void destroy();
  void become(Kind kind);
  std::optional<int64_t> whole() const;
  const Json& element(size_t index) const;
  Json& element(size_t index);

  Kind kind_ = Kind::kNull;
  Value value_;
};

struct Json::Member {
  std::string name;
  Json value;
};

// An item of a brace list: a value, or a list of them. Temporaries are moved from, not copied.
class Json::Init {
 public:
  Init() = default;
  Init(std::initializer_list<Init> items) : owned_(items) {}
  Init(const Json& value) : borrowed_(&value) {}
  Init(Json&& value) : owned_(std::move(value)) {}
  template <class T>
  requires std::constructible_from<Json, T&&> &&
      (!std::same_as<std::remove_cvref_t<T>, Json> &&
       !std::same_as<std::remove_cvref_t<T>, Init>)Init(T&& value)
      : owned_(std::forward<T>(value)) {}

  bool is_pair() const;
  Json take() const { return borrowed_ ? Json(*borrowed_) : std::move(owned_); }

 private:
  mutable Json owned_;
  const Json* borrowed_ = nullptr;
};

template <JsonInteger T>
std::optional<T> Json::integer() const {
  if (kind_ == Kind::kUnsigned) {
    if (!std::in_range<T>(value_.large)) return std::nullopt;
    return static_cast<T>(value_.large);
  }
  const std::optional<int64_t> value = whole();
  if (!value || !std::in_range<T>(*value)) return std::nullopt;
  return static_cast<T>(*value);
}

// Whether `text` is one value of JSON, however deep, without building it; nullopt: it is.
std::optional<JsonFault> json_fault(std::string_view text);

}  // namespace kiln
