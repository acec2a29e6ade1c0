#include "base/json_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace kiln {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

enum class Byte : uint8_t { kPlain, kEscaped, kOfSeveral };

constexpr auto kBytes = [] {
  std::array<Byte, 256> table{};
  for (size_t c = 0; c < 0x20; ++c) table[c] = Byte::kEscaped;
  table['"'] = table['\\'] = Byte::kEscaped;
  for (size_t c = 0x80; c < 0x100; ++c) table[c] = Byte::kOfSeveral;
  return table;
}();

Byte kind_of(char c) { return kBytes[static_cast<unsigned char>(c)]; }

struct Sequence {
  size_t bytes;
  bool valid;
};

// The character of several bytes at the front, or as many bytes as could have begun one (Unicode's
// table 3-7: no overlong forms, no surrogates, nothing past U+10FFFF).
Sequence first_sequence(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = at(0);
  if (first < 0xc2 || first > 0xf4) return {1, false};
  const size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  unsigned lowest = 0x80, highest = 0xbf;
  if (first == 0xe0) lowest = 0xa0;
  if (first == 0xed) highest = 0x9f;
  if (first == 0xf0) lowest = 0x90;
  if (first == 0xf4) highest = 0x8f;
  for (size_t i = 1; i < length; ++i) {
    if (i >= text.size() || at(i) < lowest || at(i) > highest) return {i, false};
    lowest = 0x80, highest = 0xbf;
  }
  return {length, true};
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kShort = "\"\\\b\f\n\r\t", kLetters = "\"\\bfnrt";
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += '\\';
  if (const size_t found = kShort.find(c); found != std::string_view::npos) {
    out += kLetters[found];
  } else {
    out += "u00";
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
}

// `escape`: as the inside of a JSON string.
void append(std::string& out, std::string_view text, bool escape) {
  while (!text.empty()) {
    size_t run = 0;
    while (run < text.size()) {
      const Byte kind = kind_of(text[run]);
      if (kind == Byte::kEscaped && escape) break;
      if (kind == Byte::kOfSeveral) {
        const Sequence sequence = first_sequence(text.substr(run));
        if (!sequence.valid) break;
        run += sequence.bytes;
      } else {
        ++run;
      }
    }
    out.append(text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) return;
    if (kind_of(text[0]) == Byte::kEscaped) {
      append_escaped(out, text[0]);
      text.remove_prefix(1);
    } else {
      out.append(kReplacement);
      text.remove_prefix(first_sequence(text).bytes);
    }
  }
}

}  // namespace

void append_utf8(std::string& out, std::string_view text) { append(out, text, false); }

bool is_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (kind_of(text[at]) != Byte::kOfSeveral) {
      ++at;
      continue;
    }
    const Sequence sequence = first_sequence(text.substr(at));
    if (!sequence.valid) return false;
    at += sequence.bytes;
  }
  return true;
}

void append_json_string(std::string& out, std::string_view text) {
  out.reserve(out.size() + text.size() + 2);
  out += '"';
  append(out, text, true);
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

void append_json_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  // "-1.2345e+07": the digits, and where the point belongs among them.
  std::array<char, 32> buffer;
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                     std::chars_format::scientific);
  std::string_view text(buffer.data(), written.ptr);
  if (text.starts_with('-')) {
    out += '-';
    text.remove_prefix(1);
  }
  const size_t e = text.find('e');
  int exponent = 0;
  const std::string_view power = text.substr(text[e + 1] == '+' ? e + 2 : e + 1);
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  std::string digits(text.substr(0, 1));
  if (e > 2) digits += text.substr(2, e - 2);
  const int count = static_cast<int>(digits.size()), point = exponent + 1;
  constexpr int kMostDigits = 15, kMostZeros = 4;
  if (point > kMostDigits || point <= -kMostZeros) {
    out += digits[0];
    if (count > 1) (out += '.').append(digits, 1);
    out += text.substr(e);
  } else if (point <= 0) {
    ((out += "0.").append(static_cast<size_t>(-point), '0')) += digits;
  } else if (point >= count) {
    ((out += digits).append(static_cast<size_t>(point - count), '0')) += ".0";
  } else {
    out.append(digits, 0, static_cast<size_t>(point)) += '.';
    out.append(digits, static_cast<size_t>(point));
  }
}

}  // namespace kiln
