// The patterns of a .gitignore file, as Git reads them.
//
//   IgnoreRules rules = IgnoreRules::parse("*.log\n/build/\n!keep.log\n");
//   rules.ignores("a/b.log", EntryKind::kFile);  // true
//
// A later line wins over an earlier one. Ask for folders before their content and don't descend
// into those that are ignored: as in Git, nothing below them can come back. Patterns are compared
// byte by byte. Thread-safe once parsed. Cost: one pass over the patterns for each question, each
// in time proportional to pattern × path at worst.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln {

enum class EntryKind { kFile, kFolder };

class IgnoreRules {
 public:
  // Any text is valid: as in Git, a line that can match nothing matches nothing.
  static IgnoreRules parse(std::string_view text);

  // `path` is relative to the folder of the file, with "/" between names and none at either end.
  bool ignores(std::string_view path, EntryKind kind) const;

 private:
  enum class Effect { kIgnore, kKeep };
  struct Pattern {
    Effect effect = Effect::kIgnore;
    bool folders_only = false;
    std::vector<std::string> segments;  // "**" stands for any number of names
  };
  std::vector<Pattern> patterns_;
};

}  // namespace kiln
