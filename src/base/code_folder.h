// Which entries of a folder are a function's code: all but version control (.git, .hg, .svn), a
// Kiln's own data folder, and what .kilnignore says, or .gitignore where there is no .kilnignore.
// node_modules is code that .gitignore names in most projects: only .kilnignore leaves it out.
//
//   const CodeFolder code = CodeFolder::open("/home/ada/hello");
//   if (!code.why_left_out("build", EntryKind::kFolder).empty()) …
//
// Ask for folders before their content and don't descend into those that are left out. Not
// thread-safe. Cost: opening reads one small file; a question about a folder looks into it.
#pragma once

#include <string>

#include "base/ignore_rules.h"

namespace kiln {

class CodeFolder {
 public:
  // A file of patterns that can't be read counts as empty.
  static CodeFolder open(const std::string& folder);

  // "" for code; else the reason in a few words, such as ".gitignore" or "version control".
  // `relative` as in IgnoreRules::ignores.
  std::string why_left_out(const std::string& relative, EntryKind kind) const;

 private:
  CodeFolder(std::string folder, std::string rules_file, IgnoreRules rules)
      : folder_(std::move(folder)), rules_file_(std::move(rules_file)), rules_(std::move(rules)) {}

  std::string folder_;
  std::string rules_file_;  // .kilnignore, .gitignore, or none
  IgnoreRules rules_;
};

// What keeps users other than its owner from reading the folder, after its name, with the next
// step; "": nothing that its mode says.
std::string why_closed_to_others(const std::string& folder);

inline constexpr const char* kIgnoreFile = ".kilnignore";
inline constexpr const char* kGitIgnoreFile = ".gitignore";

}  // namespace kiln
