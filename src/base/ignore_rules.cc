#include "base/ignore_rules.h"

#include <optional>

namespace kiln {
namespace {

constexpr std::string_view kAnyNames = "**";

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> names;
  while (true) {
    const size_t slash = path.find('/');
    names.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return names;
    path.remove_prefix(slash + 1);
  }
}

// The length of the class "[a-z]" at the start of `pattern` and whether `c` is in it; nothing when
// it has no end.
struct ClassMatch {
  size_t length;
  bool matches;
};
std::optional<ClassMatch> match_class(std::string_view pattern, char c) {
  size_t at = 1;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  bool found = false;
  for (bool first = true; at < pattern.size() && (first || pattern[at] != ']'); first = false) {
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    const auto low = static_cast<unsigned char>(pattern[at++]);
    auto high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      ++at;
      if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
      high = static_cast<unsigned char>(pattern[at++]);
    }
    const auto byte = static_cast<unsigned char>(c);
    if (low <= byte && byte <= high) found = true;
  }
  if (at >= pattern.size()) return std::nullopt;
  return ClassMatch{at + 1, found != negated};
}

// One step of a pattern that is no "*": how much of it stands for `c`; 0 when it doesn't.
size_t match_one(std::string_view pattern, char c) {
  switch (pattern.front()) {
    case '?':
      return 1;
    case '[': {
      const auto found = match_class(pattern, c);
      return found && found->matches ? found->length : 0;
    }
    case '\\':
      return pattern.size() > 1 && pattern[1] == c ? 2 : 0;
    default:
      return pattern.front() == c ? 1 : 0;
  }
}

// One name against one segment. Going back to the last "*" suffices: an earlier one could only
// take what the later one can take as well.
bool name_matches(std::string_view pattern, std::string_view name) {
  size_t p = 0;
  size_t n = 0;
  size_t star = std::string_view::npos;
  size_t star_name = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
      continue;
    }
    const size_t step = p < pattern.size() ? match_one(pattern.substr(p), name[n]) : 0;
    if (step > 0) {
      p += step;
      ++n;
      continue;
    }
    if (star == std::string_view::npos) return false;
    p = star + 1;
    n = ++star_name;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// The same one level up: names of a path against segments, "**" in the place of "*".
bool path_matches(const std::vector<std::string>& pattern,
                  const std::vector<std::string_view>& names) {
  size_t p = 0;
  size_t n = 0;
  size_t any = std::string_view::npos;
  size_t any_name = 0;
  while (n < names.size()) {
    if (p < pattern.size() && pattern[p] == kAnyNames) {
      // At the end it stands for what is inside: "a/**" is not "a" itself.
      any = p++;
      any_name = n;
      continue;
    }
    if (p < pattern.size() && name_matches(pattern[p], names[n])) {
      ++p;
      ++n;
      continue;
    }
    if (any == std::string_view::npos) return false;
    p = any + 1;
    n = ++any_name;
  }
  return p == pattern.size();
}

// Blanks at the end don't count unless a backslash stands before them.
std::string_view without_trailing_blanks(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  while (line.ends_with(' ') && !line.ends_with("\\ ")) line.remove_suffix(1);
  return line;
}

}  // namespace

IgnoreRules IgnoreRules::parse(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  IgnoreRules rules;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = without_trailing_blanks(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    Pattern pattern;
    if (line.front() == '!') {
      pattern.effect = Effect::kKeep;
      line.remove_prefix(1);
    }
    if (line.ends_with('/')) {
      pattern.folders_only = true;
      line.remove_suffix(1);
    }
    // A slash anywhere but at the end ties the pattern to the folder of the file.
    const bool anchored = line.find('/') != std::string_view::npos;
    if (line.starts_with('/')) line.remove_prefix(1);
    if (line.empty()) continue;
    if (!anchored) pattern.segments.emplace_back(kAnyNames);
    for (const std::string_view name : split(line)) pattern.segments.emplace_back(name);
    rules.patterns_.push_back(std::move(pattern));
  }
  return rules;
}

bool IgnoreRules::ignores(std::string_view path, EntryKind kind) const {
  const std::vector<std::string_view> names = split(path);
  for (auto pattern = patterns_.rbegin(); pattern != patterns_.rend(); ++pattern) {
    if (pattern->folders_only && kind != EntryKind::kFolder) continue;
    if (path_matches(pattern->segments, names)) return pattern->effect == Effect::kIgnore;
  }
  return false;
}

}  // namespace kiln
