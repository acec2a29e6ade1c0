// JsonWriter: JSON text, one value after another, without a tree. The bytes are those that
// nlohmann::json::dump() gives the same values.
//
//   JsonWriter json;
//   json.begin_object();
//   json.member("amount", 12.5);
//   json.key("customer");
//   json.null();
//   json.end_object();
//   return json.take();
//
// The caller closes what it opens, and gives keys in the order that they shall have.
//
// Threading: one thread. Ownership: owns its text. Cost: no allocation but the text's.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "sdk/core/text_tail.h"

namespace kiln::sdk {

class JsonWriter {
 public:
  // `room`: for so many bytes to begin with.
  explicit JsonWriter(size_t room = 240) { out_.room(room); }

  // What was written. Nothing is written behind it.
  std::string take() {
    out_.end();
    return std::move(text_);
  }
  size_t size() const { return out_.size(); }

  void begin_object() { open('{'); }
  void end_object() { out_.add('}'); }
  void begin_array() { open('['); }
  void end_array() { out_.add(']'); }
  void key(std::string_view name) {
    text(name);
    out_.add(':');
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
  friend class JsonObject;

  // Strings end in a quote, so that the last byte says whether a comma is due.
  void separate() {
    if (!out_.any()) return;
    const char last = out_.last();
    if (last != '{' && last != '[' && last != ':' && last != ',') out_.add(',');
  }
  void open(char bracket) {
    separate();
    out_.add(bracket);
  }

  std::string text_;
  TextTail out_{text_};
};

}  // namespace kiln::sdk
