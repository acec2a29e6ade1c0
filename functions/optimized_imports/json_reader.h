// JsonReader: reads JSON text where it lies, from front to back, and keeps nothing of it.
//
//   JsonReader reader(event);
//   reader.object([&](std::string_view key) {
//     if (key == "n") n = reader.number().value; else reader.skip();
//   });
//   reader.end();
//
// For events that are too big to be held a second time: a document's tree takes ten times the
// text's room, and an index over it as much again as the text. All of RFC 8259 is checked, UTF-8
// included; what breaks it throws JsonError, which names the byte.
//
// Threading: one thread. Ownership: refers to the text; views that it returns end with the text, or
// with the next string() where the text has escapes. Cost: one pass, no allocation but for texts
// with escapes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bad_request.h"

namespace optimized_imports {

class JsonError : public BadRequest {
 public:
  using BadRequest::BadRequest;
};

class JsonReader {
 public:
  enum class Kind { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull };
  enum class Escapes { kNone, kSome };

  // Between its quotes, as written.
  struct RawString {
    std::string_view text;
    Escapes escapes;
  };
  struct Number {
    std::string_view text;
    double value;  // infinite when it is too big for a double
  };

  static constexpr int kMaxDepth = 256;  // of what skip() passes over

  explicit JsonReader(std::string_view text)
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  // The kind of the value that comes next.
  Kind peek();

  // Calls on_member(key) for each member; it reads or skips the value. The key ends with its call.
  template <class F>
  void object(F&& on_member) {
    expect('{');
    if (next_is('}')) return;
    do {
      const std::string_view key = string();
      expect(':');
      on_member(key);
    } while (more('}'));
  }
  // Calls on_element() for each element; it reads or skips it.
  template <class F>
  void array(F&& on_element) {
    expect('[');
    if (next_is(']')) return;
    do on_element();
    while (more(']'));
  }

  std::string_view string();  // its value
  RawString raw_string();
  Number number();
  std::string_view skip();  // any value; returns its text
  void end();               // nothing follows

  // The value of a raw string. REQUIRES: raw_string() returned it.
  static void unescape(std::string_view raw, std::string& out);

 private:
  void skip_value(int depth);
  void spaces();
  void expect(char c);
  bool next_is(char c);
  bool more(char close);
  void word(std::string_view word);
  void escape();
  void utf8();
  int digits();
  [[noreturn]] void fail(const char* problem) const;

  const char* const begin_;
  const char* at_;
  const char* const end_;
  std::string unescaped_;
};

}  // namespace optimized_imports
