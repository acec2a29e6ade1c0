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
// with the next string() where the text has escapes. Cost: one pass, about 1 ns a byte, no
// allocation but for texts with escapes. What each value needs is inline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sdk/core/string_bytes.h"

namespace kiln::sdk {

class JsonError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
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
    double value;      // infinite when it is too big for a double
    bool short_whole;  // up to fifteen digits and nothing else, so that `value` is exact
  };

  static constexpr int kMaxDepth = 512;  // of what skip() passes over

  // `what` begins the message of an error, and must outlive the reader.
  explicit JsonReader(std::string_view text, const char* what = "the event is no JSON")
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), what_(what) {}

  // The kind of the value that comes next.
  Kind peek() {
    spaces();
    if (at_ == end_) fail("a value is missing");
    switch (*at_) {
      case '{':
        return Kind::kObject;
      case '[':
        return Kind::kArray;
      case '"':
        return Kind::kString;
      case 't':
        return Kind::kTrue;
      case 'f':
        return Kind::kFalse;
      case 'n':
        return Kind::kNull;
      default:
        if (*at_ == '-' || is_digit(*at_)) return Kind::kNumber;
        fail("there is no value");
    }
  }

  // Calls on_member(key) for each member; it reads or skips the value. The key ends with its call.
  template <class F>
  void object(F&& on_member) {
    if (!enter_object()) return;
    do on_member(key());
    while (more_members());
  }
  // Calls on_element() for each element; it reads or skips it.
  template <class F>
  void array(F&& on_element) {
    if (!enter_array()) return;
    do on_element();
    while (more_elements());
  }

  // object(), step by step: enter_object(), then a key and its value while there are more.
  bool enter_object() {  // false: it is empty, and passed
    expect('{');
    return !next_is('}');
  }
  std::string_view key() {
    const std::string_view name = string();
    expect(':');
    return name;
  }
  // Passes the key and its colon if it is `written`, as in "\"age\"". That is no pass over the
  // key's bytes. REQUIRES: written is a JSON string without escapes.
  bool key_is(std::string_view written) {
    spaces();
    if (static_cast<size_t>(end_ - at_) < written.size() || !same(at_, written)) return false;
    at_ += written.size();
    expect(':');
    return true;
  }
  void key_ends() { expect(':'); }  // behind the string of a key that raw_string() read
  bool more_members() { return more('}'); }
  // array(), step by step in the same way.
  bool enter_array() {
    expect('[');
    return !next_is(']');
  }
  bool more_elements() { return more(']'); }

  std::string_view string() {  // its value
    const RawString raw = raw_string();
    if (raw.escapes == Escapes::kNone) return raw.text;
    unescape(raw.text, unescaped_);
    return unescaped_;
  }
  RawString raw_string() {
    expect('"');
    const char* const start = at_;
#ifdef __SSE2__
    while (end_ - at_ >= 16) {
      const unsigned mask = looks_due(at_);
      if (mask == 0) {
        at_ += 16;
        continue;
      }
      at_ += __builtin_ctz(mask);
      if (*at_ == '"') {
        return {std::string_view(start, static_cast<size_t>(at_++ - start)), Escapes::kNone};
      }
      break;
    }
#endif
    return rest_of_string(start);
  }

  // The value of a string with escapes, checked and written to `to` in one pass; returns its size.
  // REQUIRES: peek() found a string, and there is room for as many bytes as are left of the text,
  // and kDecodeRoom.
  size_t decode_string(char* to);
  static constexpr size_t kDecodeRoom = 16;
  // raw_string() if there is no need for a look at any character; else nothing is read.
  bool plain_string(std::string_view& text) {
    const char* const before = at_;
#ifdef __SSE2__
    expect('"');
    const char* const start = at_;
    while (end_ - at_ >= 16) {
      const unsigned mask = looks_due(at_);
      at_ += mask != 0 ? __builtin_ctz(mask) : 16;
      if (mask == 0) continue;
      if (*at_ == '\\') {
        at_ = before;
        return false;
      }
      if (*at_ != '"') break;
      text = {start, static_cast<size_t>(at_++ - start)};
      return true;
    }
#endif
    at_ = before;
    const RawString raw = raw_string();
    text = raw.text;
    if (raw.escapes == Escapes::kNone) return true;
    at_ = before;
    return false;
  }

  Number number() {
    spaces();
    const char* const start = at_;
    const char* at = at_;  // in a register
    const bool negative = at != end_ && *at == '-';
    if (negative) ++at;
    const char* const first = at;
    uint64_t digits = 0;
    const auto pass_digits = [&] {
      for (; at != end_ && is_digit(*at); ++at)
        digits = digits * 10 + static_cast<uint64_t>(*at - '0');
      at_ = at;
    };
    pass_digits();
    const auto whole = at - first;
    if (whole == 0) fail("a digit is missing");
    if (*first == '0' && whole > 1) fail("a number with a leading zero");
    ptrdiff_t fraction = 0;
    if (at != end_ && *at == '.') {
      const char* const point = at++;
      pass_digits();
      fraction = at - point - 1;
      if (fraction == 0) fail("a digit is missing");
    }
    // Up to fifteen digits are exact as a double, so are the powers of ten, and one division rounds
    // once.
    if (whole + fraction > 15 || (at != end_ && (*at | 0x20) == 'e')) return rest_of_number(start);
    const std::string_view text(start, static_cast<size_t>(at - start));
    if (fraction == 0) {
      const auto value = static_cast<int64_t>(digits);
      return {text, static_cast<double>(negative ? -value : value), true};
    }
    const double value = static_cast<double>(digits) / kPowersOfTen[fraction];
    return {text, negative ? -value : value, false};
  }

  std::string_view skip();           // any value; returns its text
  void word(std::string_view word);  // true, false or null, which peek() found
  void end();                        // nothing follows

  // Throws JsonError for where the reader is.
  [[noreturn]] void fail(const char* problem) const;

  const char* at() const { return at_; }  // where the reader is in the text
  // Passes the very bytes of `text`, if they come next. REQUIRES: they were passed before, by other
  // functions, between the same two kinds of value.
  bool pass(std::string_view text) {
    if (static_cast<size_t>(end_ - at_) < text.size() || !same(at_, text)) return false;
    at_ += text.size();
    return true;
  }

  // The value of a raw string. REQUIRES: raw_string() returned it.
  static void unescape(std::string_view raw, std::string& out);
  // The same into `to`, which has room for raw.size() bytes; returns the size.
  static size_t unescape(std::string_view raw, char* to);

  // Whether text.size() bytes are those of `text`. Keys are short: by two loads, which overlap,
  // rather than by a call.
  static bool same(const char* at, std::string_view text) {
    const size_t size = text.size();
    const auto same_by = [&]<class Word>(Word) {
      const auto load = [](const char* from) {
        Word word;
        std::memcpy(&word, from, sizeof word);
        return word;
      };
      return load(at) == load(text.data()) &&
             load(at + size - sizeof(Word)) == load(text.data() + size - sizeof(Word));
    };
    if (size >= 8 && size <= 16) return same_by(uint64_t{});
    if (size >= 4 && size < 8) return same_by(uint32_t{});
    if (size >= 2 && size < 4) return same_by(uint16_t{});
    return std::memcmp(at, text.data(), size) == 0;
  }

 private:
  static constexpr double kPowersOfTen[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                            1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  void spaces() {
    while (at_ != end_ && *at_ <= ' ' &&
           (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) {
      ++at_;
    }
  }
  bool next_is(char c) {
    if (at_ != end_ && *at_ == c) {
      ++at_;
      return true;
    }
    spaces();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!next_is(c)) fail_missing(c);
  }
  bool more(char close) {
    if (next_is(',')) return true;
    expect(close);
    return false;
  }

  RawString rest_of_string(const char* start);
  Number rest_of_number(const char* start);
  void skip_value(int depth);
  void escape();
  void utf8();
  [[noreturn]] void fail_missing(char c) const;

  const char* const begin_;
  const char* at_;
  const char* const end_;
  const char* const what_;
  std::string unescaped_;
};

}  // namespace kiln::sdk
