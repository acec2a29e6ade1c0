// Patterns with one "*" at most, as lists of allowed origins and headers have them.
//
//   matches_star("https://*.example.com", "https://a.example.com", Star::kSomething)   // true
#pragma once

#include <string_view>

namespace kiln {

// What a "*" stands for: any text, or one of a character at least.
enum class Star { kAnything, kSomething };

// A second "*" stands for itself.
inline bool matches_star(std::string_view pattern, std::string_view text, Star star) {
  const size_t at = pattern.find('*');
  if (at == std::string_view::npos) return pattern == text;
  const std::string_view before = pattern.substr(0, at), after = pattern.substr(at + 1);
  const size_t least = before.size() + after.size() + (star == Star::kSomething ? 1 : 0);
  return text.size() >= least && text.starts_with(before) && text.ends_with(after);
}

}  // namespace kiln
