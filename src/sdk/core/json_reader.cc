#include "sdk/core/json_reader.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "sdk/core/text.h"

namespace kiln::sdk {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighs = 0x8080808080808080;

// A high bit for each byte of `word` that is zero; bytes above the first one may be wrong.
constexpr uint64_t zeros(uint64_t word) { return (word - kOnes) & ~word & kHighs; }

// The same for bytes that a string can't pass over: quote, backslash, control characters, and what
// is not ASCII.
constexpr uint64_t specials(uint64_t word) {
  const uint64_t controls = (word - kOnes * 0x20) & ~word & kHighs;
  return zeros(word ^ (kOnes * '"')) | zeros(word ^ (kOnes * '\\')) | controls | (word & kHighs);
}

// What a letter behind a backslash stands for; 0: nothing, or \u.
constexpr std::array<char, 256> kEscaped = [] {
  std::array<char, 256> table{};
  constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
  for (size_t i = 0; i < kFrom.size(); ++i) table[static_cast<unsigned char>(kFrom[i])] = kTo[i];
  return table;
}();

uint32_t hex4(const char* text) {
  uint32_t value = 0;
  std::from_chars(text, text + 4, value, 16);
  return value;
}

// Writes the character, at most four bytes, and returns where it ends.
char* put_code_point(char* to, uint32_t code) {
  const auto put = [&](uint32_t byte) { *to++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
  return to;
}

}  // namespace

void JsonReader::fail(const char* problem) const {
  throw JsonError(std::string(what_) + ": " + problem + " at byte " + std::to_string(at_ - begin_));
}

void JsonReader::fail_missing(char c) const {
  const char problem[] = {c, ' ', 'i', 's', ' ', 'm', 'i', 's', 's', 'i', 'n', 'g', '\0'};
  fail(problem);
}

void JsonReader::escape() {
  ++at_;
  if (at_ == end_) fail("a string does not end");
  const char kind = *at_++;
  if (kind != 'u') {
    if (kEscaped[static_cast<unsigned char>(kind)] == '\0') fail("an unknown escape");
    return;
  }
  const auto code_unit = [this] {
    for (int i = 0; i < 4; ++i) {
      const auto c = static_cast<unsigned char>(end_ - at_ > i ? at_[i] : '\0');
      if (!is_digit(static_cast<char>(c)) && ((c | 0x20) < 'a' || (c | 0x20) > 'f')) {
        fail("\\u wants four hexadecimal digits");
      }
    }
    const uint32_t unit = hex4(at_);
    at_ += 4;
    return unit;
  };
  const uint32_t unit = code_unit();
  if (unit < 0xD800 || unit > 0xDFFF) return;
  if (unit > 0xDBFF || end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u') fail("half a surrogate");
  at_ += 2;
  const uint32_t low = code_unit();
  if (low < 0xDC00 || low > 0xDFFF) fail("half a surrogate");
}

void JsonReader::utf8() {
  const size_t size = utf8_sequence(std::string_view(at_, static_cast<size_t>(end_ - at_)));
  if (size == 0) fail("text that is not UTF-8");
  at_ += size;
}

// From where a string can't be passed over at once, or from its beginning.
JsonReader::RawString JsonReader::rest_of_string(const char* start) {
  auto escapes = Escapes::kNone;
  while (true) {
    while (end_ - at_ >= 8) {
      uint64_t word;
      std::memcpy(&word, at_, sizeof word);
      if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
      const uint64_t found = specials(word);
      if (found != 0) {
        at_ += std::countr_zero(found) / 8;
        break;
      }
      at_ += 8;
    }
    if (at_ == end_) fail("a string does not end");
    const auto c = static_cast<unsigned char>(*at_);
    if (c == '"') break;
    if (c == '\\') {
      escapes = Escapes::kSome;
      escape();
    } else if (c >= 0x80) {
      utf8();
    } else if (c < 0x20) {
      fail("a control character in a string");
    } else {
      ++at_;
    }
  }
  return {std::string_view(start, static_cast<size_t>(at_++ - start)), escapes};
}

void JsonReader::unescape(std::string_view raw, std::string& out) {
  out.resize(raw.size());  // no escape is shorter than its character
  out.resize(unescape(raw, out.data()));
}

size_t JsonReader::decode_string(char* to) {
  const char* const begin = to;
  expect('"');
  while (true) {
#ifdef __SSE2__
    while (end_ - at_ >= 16) {
      std::memcpy(to, at_, 16);
      const unsigned mask = looks_due(at_);
      const int plain = mask != 0 ? __builtin_ctz(mask) : 16;
      at_ += plain;
      to += plain;
      if (mask != 0) break;
    }
#endif
    if (at_ == end_) fail("a string does not end");
    const auto c = static_cast<unsigned char>(*at_);
    if (c == '"') {
      ++at_;
      return static_cast<size_t>(to - begin);
    }
    const char* const from = at_;
    if (c == '\\') {
      if (end_ - at_ > 1) {
        if (const char escaped = kEscaped[static_cast<unsigned char>(at_[1])]; escaped != '\0') {
          *to++ = escaped;
          at_ += 2;
          continue;
        }
      }
      escape();
      to += unescape({from, static_cast<size_t>(at_ - from)}, to);
    } else if (c >= 0x80) {
      utf8();
      std::memcpy(to, from, static_cast<size_t>(at_ - from));
      to += at_ - from;
    } else if (c < 0x20) {
      fail("a control character in a string");
    } else {
      *to++ = *at_++;
    }
  }
}

size_t JsonReader::unescape(std::string_view raw, char* to) {
  const char* const begin = to;
  const char* at = raw.data();
  const char* const end = at + raw.size();
  while (at != end) {
    // Up to the next escape; of eight bytes that hold one, what is behind it is written once more.
    if (end - at >= 8) {
      uint64_t word;
      std::memcpy(&word, at, sizeof word);
      std::memcpy(to, &word, sizeof word);
      if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
      const uint64_t found = zeros(word ^ (kOnes * '\\'));
      const int plain = found != 0 ? std::countr_zero(found) / 8 : 8;
      at += plain;
      to += plain;
      if (found == 0) continue;
    } else if (*at != '\\') {
      *to++ = *at++;
      continue;
    }
    const char kind = at[1];
    at += 2;
    if (kind == 'u') {
      uint32_t code = hex4(at);
      at += 4;
      if (code >= 0xD800 && code <= 0xDBFF) {
        code = 0x10000 + ((code - 0xD800) << 10) + (hex4(at + 2) - 0xDC00);
        at += 6;
      }
      to = put_code_point(to, code);
    } else {
      *to++ = kEscaped[static_cast<unsigned char>(kind)];
    }
  }
  return static_cast<size_t>(to - begin);
}

// A number that is not exact as a double, from where its digits end.
JsonReader::Number JsonReader::rest_of_number(const char* start) {
  if (at_ != end_ && (*at_ | 0x20) == 'e') {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    const char* const first = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    if (at_ == first) fail("a digit is missing");
  }
  const std::string_view text(start, static_cast<size_t>(at_ - start));
  double value = 0;
  if (std::from_chars(start, at_, value).ec == std::errc::result_out_of_range) {
    value = std::strtod(std::string(text).c_str(), nullptr);  // which tells too big from too small
  }
  return {text, value, false};
}

void JsonReader::word(std::string_view word) {
  if (!std::string_view(at_, static_cast<size_t>(end_ - at_)).starts_with(word)) {
    fail("an unknown word");
  }
  at_ += word.size();
}

std::string_view JsonReader::skip() {
  spaces();
  const char* const start = at_;
  skip_value(0);
  return {start, static_cast<size_t>(at_ - start)};
}

void JsonReader::skip_value(int depth) {
  if (depth > kMaxDepth) fail("a value that is nested too deeply");
  switch (peek()) {
    case Kind::kObject:
      ++at_;
      if (next_is('}')) return;
      do {
        raw_string();
        expect(':');
        skip_value(depth + 1);
      } while (more('}'));
      return;
    case Kind::kArray:
      ++at_;
      if (next_is(']')) return;
      do skip_value(depth + 1);
      while (more(']'));
      return;
    case Kind::kString:
      raw_string();
      return;
    case Kind::kNumber:
      number();
      return;
    case Kind::kTrue:
      return word("true");
    case Kind::kFalse:
      return word("false");
    case Kind::kNull:
      return word("null");
  }
}

void JsonReader::end() {
  spaces();
  if (at_ != end_) fail("there is more after the value");
}

}  // namespace kiln::sdk
