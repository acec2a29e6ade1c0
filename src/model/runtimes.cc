#include "model/runtimes.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/ascii.h"
#include "base/near_word.h"
#include "model/validation.h"
#include "model/violations.h"

namespace kiln::model {
namespace {

using namespace std::string_view_literals;

// In the order in which AWS prints them.
constexpr std::array kRuntimes = {
    "nodejs20.x"sv, "python3.14"sv, "provided.al2023"sv, "python3.12"sv,   "python3.13"sv,
    "nodejs24.x"sv, "nodejs22.x"sv, "java25"sv,          "python3.10"sv,   "python3.11"sv,
    "java21"sv,     "ruby3.3"sv,    "ruby3.4"sv,         "ruby3.2"sv,      "python3.8"sv,
    "python3.9"sv,  "java17"sv,     "nodejs16.x"sv,      "dotnet10"sv,     "dotnet8"sv,
    "java11"sv,     "dotnet6"sv,    "nodejs18.x"sv,      "provided.al2"sv, "java8.al2"sv};

// Once accepted, now refused with a text of their own.
constexpr std::array kDeprecatedRuntimes = {
    "nodejs"sv,        "nodejs4.3"sv,     "nodejs4.3-edge"sv, "nodejs6.10"sv,    "nodejs8.10"sv,
    "nodejs10.x"sv,    "nodejs12.x"sv,    "nodejs14.x"sv,     "python2.7"sv,     "python3.6"sv,
    "python3.7"sv,     "java8"sv,         "go1.x"sv,          "ruby2.5"sv,       "ruby2.7"sv,
    "dotnetcore1.0"sv, "dotnetcore2.0"sv, "dotnetcore2.1"sv,  "dotnetcore3.1"sv, "dotnet5.0"sv,
    "dotnet7"sv,       "provided"sv};

template <class Names>
bool is_listed(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool is_runtime(std::string_view name) {
  return is_listed(kRuntimes, name) || is_listed(kDeprecatedRuntimes, name);
}

bool is_runtime_here(std::string_view name) {
  return is_listed(kRuntimes, name) && (name.starts_with("provided.") ||
                                        name.starts_with("python") || name.starts_with("nodejs"));
}

std::vector<std::string> interpreted_runtimes() {
  std::vector<std::string> out;
  for (const auto one : kRuntimes)
    if (is_runtime_here(one) && !one.starts_with("provided.")) out.emplace_back(one);
  return out;
}

std::string newest_runtime(std::string_view language,
                           const std::function<bool(const std::string&)>& is_there) {
  std::vector<std::string> family;
  for (const auto one : kRuntimes)
    if (one.starts_with(language)) family.emplace_back(one);
  // Of names that differ in a number at their end, the longer one has the greater number.
  std::sort(family.begin(), family.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a > b;
  });
  const auto newest = std::find_if(family.begin(), family.end(), is_there);
  return newest == family.end() ? "" : *newest;
}

std::string runtime_list() {
  std::string known;
  for (const auto one : kRuntimes) known.append(known.empty() ? "" : ", ").append(one);
  return known;
}

Result<void> validate_runtime(std::string_view runtime) {
  const std::string name(runtime);
  if (is_listed(kDeprecatedRuntimes, runtime))
    return invalid_parameter(
        "The runtime parameter of " + name +
        " is no longer supported for creating or updating AWS Lambda functions. We recommend you "
        "use a supported runtime while creating or updating functions.");
  if (!is_listed(kRuntimes, runtime)) {
    return invalid_parameter("Value " + name +
                             " at 'runtime' failed to satisfy constraint: Member must satisfy enum "
                             "value set: [" +
                             runtime_list() + "] or be a valid ARN");
  }
  if (is_runtime_here(runtime)) return {};
  return invalid_parameter(
      "Kiln does not run " + name +
      ". It runs provided.al2, provided.al2023, python3.8 to python3.14 and nodejs16.x to "
      "nodejs24.x; package the function for provided.al2023 with its own bootstrap.");
}

namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";

// Names by which people call the languages, and the families of runtimes that run them here.
struct Spoken {
  std::string_view word, family;
};
constexpr std::array kSpoken = {Spoken{"python", "python"},
                                Spoken{"py", "python"},
                                Spoken{"nodejs", "nodejs"},
                                Spoken{"node", "nodejs"},
                                Spoken{"js", "nodejs"},
                                Spoken{"javascript", "nodejs"},
                                Spoken{"typescript", "nodejs"},
                                Spoken{"provided", "provided"},
                                Spoken{"custom", "provided"},
                                Spoken{"bootstrap", "provided"},
                                Spoken{"go", "provided"},
                                Spoken{"golang", "provided"},
                                Spoken{"rust", "provided"},
                                Spoken{"cpp", "provided"},
                                Spoken{"java", ""},
                                Spoken{"ruby", ""},
                                Spoken{"dotnet", ""},
                                Spoken{"dotnetcore", ""}};

std::string family_of(const std::string& letters) {
  std::vector<std::string> words;
  for (const Spoken& one : kSpoken) words.emplace_back(one.word);
  const std::string near = is_listed(words, letters) ? letters : near_word(letters, words);
  for (const Spoken& one : kSpoken)
    if (one.word == near) return std::string(one.family);
  return "";
}

std::string digits_of(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (ascii::is_digit(c)) out += c;
  return out;
}

}  // namespace

std::string near_runtime(std::string_view name,
                         const std::function<std::string(const std::string&)>& newest) {
  const std::string word = ascii::lower(name);
  const std::string family = family_of(word.substr(0, word.find_first_not_of(kLetters)));
  if (family.empty()) return "";
  const std::string digits = digits_of(word);
  for (const auto one : kRuntimes)
    if (!digits.empty() && one.starts_with(family) && digits_of(one) == digits)
      return std::string(one);
  const std::string known = newest ? newest(family) : "";
  return known.empty() ? newest_runtime(family, [](const std::string&) { return true; }) : known;
}

}  // namespace kiln::model
