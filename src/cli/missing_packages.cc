#include "cli/missing_packages.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "base/ascii.h"
#include "base/json_access.h"
#include "cli/read_file.h"
#include "cli/shell.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

// What boto3 brings; and it is a part of Lambda's runtimes.
constexpr std::array kOfPythonsRuntime = {"boto3",   "botocore", "s3transfer",     "jmespath",
                                          "urllib3", "six",      "python_dateutil"};

// What tests and checks of the code ask for, and functions do without.
bool is_for_developers(const std::string& name) {
  constexpr std::array kTools = {"pytest",    "moto",       "coverage",   "tox",     "nox",
                                 "black",     "ruff",       "flake8",     "pylint",  "mypy",
                                 "isort",     "bandit",     "pre_commit", "pyright", "freezegun",
                                 "responses", "hypothesis", "boto3_stubs"};
  return std::find(kTools.begin(), kTools.end(), name) != kTools.end() ||
         name.starts_with("pytest_") || name.starts_with("types_") ||
         name.starts_with("mypy_boto3_");
}

bool is_of_nodes_runtime(const std::string& name) {
  return name.starts_with("@aws-sdk/") || name.starts_with("@smithy/");
}

std::string package_folder(std::string name) {
  for (char& c : name) c = c == '-' || c == '.' ? '_' : ascii::lower(c);
  return name;
}

// The file at the top of the code; "": it isn't there.
std::string file_of(const std::string& folder, const std::vector<CodeEntry>& entries,
                    const std::string& name) {
  const bool there = std::any_of(entries.begin(), entries.end(),
                                 [&](const CodeEntry& entry) { return entry.path == name; });
  if (!there) return "";
  const Result<std::string> content = read_file((fs::path(folder) / name).string());
  return content ? *content : "";
}

std::string asks_for(const std::string& file, const std::vector<std::string>& missing,
                     const std::string& command) {
  std::string out = file + " asks for " + missing.front();
  if (missing.size() > 1) out += " and " + std::to_string(missing.size() - 1) + " more";
  return out + ", which the folder doesn't have; " + command + " puts " +
         (missing.size() > 1 ? "them" : "it") + " there";
}

// Installed packages have a folder NAME-VERSION.dist-info beside their code.
std::vector<std::string> missing_of_python(const std::string& requirements,
                                           const std::vector<CodeEntry>& entries) {
  std::set<std::string> there(kOfPythonsRuntime.begin(), kOfPythonsRuntime.end());
  for (const CodeEntry& entry : entries) {
    const std::string first = entry.path.substr(0, entry.path.find('/'));
    if (first.ends_with(".dist-info"))
      there.insert(package_folder(first.substr(0, first.find('-'))));
    there.insert(package_folder(first.substr(0, first.find('.'))));  // or lies there as a module
  }
  std::vector<std::string> missing = required_packages(requirements);
  std::erase_if(missing, [&](const std::string& name) {
    return there.contains(name) || is_for_developers(name);
  });
  return missing;
}

std::vector<std::string> missing_of_node(const std::string& package_json,
                                         const std::vector<CodeEntry>& entries) {
  std::vector<std::string> missing = node_packages(package_json);
  std::erase_if(missing, [&](const std::string& name) {
    const std::string folder = "node_modules/" + name + "/";
    return is_of_nodes_runtime(name) ||
           std::any_of(entries.begin(), entries.end(),
                       [&](const CodeEntry& entry) { return entry.path.starts_with(folder); });
  });
  return missing;
}

}  // namespace

std::string pip_command(const std::string& folder, const std::string& what) {
  return "`python3 -m pip install --target " + shell_word(folder) + " " + what + "`";
}

std::string npm_command(const std::string& folder, const std::string& package) {
  return "`npm install --prefix " + shell_word(folder) + (package.empty() ? "" : " " + package) +
         "`";
}

std::vector<std::string> required_packages(const std::string& requirements) {
  std::vector<std::string> names;
  for (size_t at = 0; at < requirements.size();) {
    const size_t end = std::min(requirements.find('\n', at), requirements.size());
    std::string_view line = std::string_view(requirements).substr(at, end - at);
    at = end + 1;
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    size_t length = 0;
    while (length < line.size() && (ascii::is_alnum(line[length]) || line[length] == '-' ||
                                    line[length] == '_' || line[length] == '.'))
      ++length;
    // Else a comment, an option of pip, or a place: a path or an address.
    const std::string_view rest = line.substr(length);
    const bool place = rest.starts_with('/') || rest.starts_with(':') || rest.starts_with('+');
    if (length > 0 && ascii::is_alnum(line.front()) && !place)
      names.push_back(package_folder(std::string(line.substr(0, length))));
  }
  return names;
}

std::vector<std::string> node_packages(const std::string& package_json) {
  std::vector<std::string> names;
  const auto dependencies = json_member(json_parse(package_json), "dependencies");
  if (!dependencies.is_object()) return names;
  for (const auto& item : dependencies.items()) names.push_back(item.key());
  return names;
}

std::string missing_packages(const std::string& folder, const std::vector<CodeEntry>& entries) {
  if (const auto missing = missing_of_python(file_of(folder, entries, "requirements.txt"), entries);
      !missing.empty())
    return asks_for(
        "requirements.txt", missing,
        pip_command(folder, "-r " + shell_word((fs::path(folder) / "requirements.txt").string())));
  if (const auto missing = missing_of_node(file_of(folder, entries, "package.json"), entries);
      !missing.empty())
    return asks_for("package.json", missing, npm_command(folder));
  return "";
}

}  // namespace kiln::cli
