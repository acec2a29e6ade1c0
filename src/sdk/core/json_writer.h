// JsonWriter: JSON text, one value after another, without a tree. The bytes are those that
// nlohmann::json::dump() gives the same values.
//
//   std::string out;
//   JsonWriter json(out);
//   json.begin_object();
//   json.member("amount", 12.5);
//   json.key("customer");
//   json.null();
//   json.end_object();
//
// The caller closes what it opens, and gives keys in the order that they shall have.
//
// Threading: one thread. Ownership: appends to the caller's string, which holds nothing but this
// JSON. Cost: no allocation but the string's own.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace kiln::sdk {

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { out_ += '}'; }
  void begin_array() { open('['); }
  void end_array() { out_ += ']'; }
  void key(std::string_view name) {
    text(name);
    out_ += ':';
  }

  void text(std::string_view value);  // what is not UTF-8 in it becomes U+FFFD
  void number(int64_t value);
  void number(uint64_t value);
  void number(double value);  // null when it is not finite
  void boolean(bool value);
  void null();
  void raw(std::string_view json);  // text that is JSON already

  void value(std::string_view text_value) { text(text_value); }
  void value(const char* text_value) { text(text_value); }
  void value(double number_value) { number(number_value); }
  void value(std::same_as<bool> auto truth) { boolean(truth); }
  void value(std::signed_integral auto whole) { number(static_cast<int64_t>(whole)); }
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) void value(T whole) { number(static_cast<uint64_t>(whole)); }

  template <class T>
  void member(std::string_view name, const T& of_it) {
    key(name);
    value(of_it);
  }

 private:
  // Strings end in a quote, so that the last byte says whether a comma is due.
  void separate() {
    if (out_.empty()) return;
    const char last = out_.back();
    if (last != '{' && last != '[' && last != ':' && last != ',') out_ += ',';
  }
  void open(char bracket) {
    separate();
    out_ += bracket;
  }

  std::string& out_;
};

}  // namespace kiln::sdk
