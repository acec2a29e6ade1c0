#include "base/code_folder.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace kiln {
namespace {

namespace fs = std::filesystem;

constexpr const char* kVersionControl[] = {".git", ".hg", ".svn"};
constexpr const char* kNodeModules = "node_modules";

bool is_file(const fs::path& path) {
  std::error_code ec;
  return fs::is_regular_file(path, ec);
}

// What a Kiln keeps is told by two files that every data folder has.
bool is_data_folder(const fs::path& folder) {
  return is_file(folder / "kiln.db") && is_file(folder / "lock");
}

std::string_view last_name(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);  // npos + 1 is 0
}

}  // namespace

CodeFolder CodeFolder::open(const std::string& folder) {
  for (const char* name : {kIgnoreFile, kGitIgnoreFile}) {
    const fs::path path = fs::path(folder) / name;
    if (!is_file(path)) continue;
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return {folder, name, IgnoreRules::parse(text)};
  }
  return {folder, "", IgnoreRules()};
}

std::string CodeFolder::why_left_out(const std::string& relative, EntryKind kind) const {
  const std::string_view name = last_name(relative);
  const auto is = [name](const char* other) { return name == other; };
  if (std::any_of(std::begin(kVersionControl), std::end(kVersionControl), is))
    return "version control";
  if (kind == EntryKind::kFolder && is_data_folder(fs::path(folder_) / relative))
    return "the data folder of a Kiln";
  if (rules_file_ == kGitIgnoreFile && name == kNodeModules) return "";
  return rules_.ignores(relative, kind) ? rules_file_ : "";
}

std::string why_closed_to_others(const std::string& folder) {
  struct stat st = {};
  constexpr mode_t kNeeded = S_IROTH | S_IXOTH;
  if (::stat(folder.c_str(), &st) != 0 || (st.st_mode & kNeeded) == kNeeded) return {};
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", st.st_mode & 07777u);
  return std::string("has the mode ") + mode +
         ", and functions run as another user than its owner. Run `chmod o+rx " + folder + "`";
}

}  // namespace kiln
