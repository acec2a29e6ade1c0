#include "cli/state_folder.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace kiln::cli {
namespace {

std::string absolute_from(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value == '/' ? value : "";
}

std::string home_folder() {
  std::string home = absolute_from("HOME");
  if (!home.empty()) return home;
  const passwd* user = getpwuid(geteuid());
  return user != nullptr && user->pw_dir != nullptr && *user->pw_dir == '/' ? user->pw_dir : "";
}

}  // namespace

Result<std::string> default_state_folder() {
  std::string base = absolute_from("XDG_DATA_HOME");
  if (base.empty()) {
    const std::string home = home_folder();
    if (home.empty())
      return Error{ErrorKind::kInvalid, "Usage",
                   "there is no home folder to keep state in; give a folder with --data-dir, or "
                   "use --here for .kiln in the current folder"};
    base = home + "/.local/share";
  }
  while (base.size() > 1 && base.ends_with('/')) base.pop_back();
  return base + "/kiln";
}

std::string default_config_file() {
  const char* named = std::getenv("KILN_CONFIG");
  std::error_code ec;
  // A service unit names one that need not be written yet.
  if (named != nullptr && *named != '\0')
    return std::filesystem::exists(named, ec) || ec ? named : "";
  if (std::filesystem::is_regular_file(kProjectConfig, ec)) return kProjectConfig;
  std::string base = absolute_from("XDG_CONFIG_HOME");
  if (const std::string home = home_folder(); base.empty() && !home.empty())
    base = home + "/.config";
  const std::string file = base + "/kiln/config.toml";
  return !base.empty() && std::filesystem::is_regular_file(file, ec) ? file : "";
}

std::string default_runtimes_folder() {
  namespace fs = std::filesystem;
  std::error_code ec;
  const fs::path here = fs::read_symlink("/proc/self/exe", ec).parent_path();
  const fs::path beside = here / "runtimes";
  if (fs::is_directory(beside, ec)) return beside.string();
  return (here.parent_path() / "lib" / "kiln" / "runtimes").string();
}

}  // namespace kiln::cli
