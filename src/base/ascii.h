// Characters and texts of ASCII, whatever the locale. Pure.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace kiln::ascii {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
// [a-zA-Z0-9-_]
constexpr bool is_word(char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; }
// A blank, a tab or a line's end.
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

template <class Predicate>
constexpr bool all(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

// The same, and the text is not empty.
template <class Predicate>
constexpr bool made_of(std::string_view text, Predicate predicate) {
  return !text.empty() && all(text, predicate);
}

}  // namespace kiln::ascii
