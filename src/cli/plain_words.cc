#include "cli/plain_words.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.h"
#include "base/near_word.h"
#include "model/runtimes.h"

namespace kiln::cli {
namespace {

// A member of a request as people call it, and what it must be where the pattern of the API says
// that in symbols.
struct SaidMember {
  std::string_view name, words, rule;
};
constexpr std::array kMembers = {
    SaidMember{
        "functionName", "function name",
        "a name has letters, digits, '-' and '_', 64 at most; NAME:ALIAS and ARNs do as well"},
    SaidMember{"name", "alias", "an alias has letters, digits, '-' and '_', and isn't a number"},
    SaidMember{"qualifier", "qualifier", "it is a version's number, an alias, or $LATEST"},
    SaidMember{"functionVersion", "version", "it is a version's number, or $LATEST"},
    SaidMember{"handler", "handler", "it is FILE.FUNCTION without blanks, 128 characters at most"},
    SaidMember{"role", "role", "it is an ARN, as in arn:aws:iam::000000000000:role/orders"},
    SaidMember{"layers", "layer",
               "it is the ARN of a layer's version; `kiln layer list` shows them"},
    SaidMember{"layerName", "layer name", "a name has letters, digits, '-' and '_', 140 at most"},
    SaidMember{"environment.variables", "environment",
               "names of variables have letters, digits and '_', a letter first, two at least"},
    SaidMember{"compatibleRuntimes", "runtime", ""},
    SaidMember{"memorySize", "memory size", ""},
    SaidMember{"MemorySize", "memory size", ""},
    SaidMember{"stackName", "stack name",
               "a name has letters, digits and '-', a letter first, 128 at most"},
};

const SaidMember* member_named(std::string_view name) {
  const auto found = std::find_if(kMembers.begin(), kMembers.end(),
                                  [&](const SaidMember& m) { return m.name == name; });
  return found == kMembers.end() ? nullptr : &*found;
}

// "statisticName" → "statistic name"
std::string words_of(std::string_view member) {
  if (const SaidMember* known = member_named(member)) return std::string(known->words);
  std::string out;
  for (const char c : member) {
    if (ascii::is_upper(c) && !out.empty()) out += ' ';
    out += ascii::lower(c);
  }
  return out;
}

std::optional<std::string_view> between(std::string_view text, std::string_view before,
                                        std::string_view after) {
  const size_t from = text.find(before);
  if (from == std::string_view::npos) return std::nullopt;
  const size_t begin = from + before.size();
  const size_t end = text.find(after, begin);
  if (end == std::string_view::npos) return std::nullopt;
  return text.substr(begin, end - begin);
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t comma = text.find(", ");
    out.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? "" : text.substr(comma + 2);
  }
  return out;
}

// python3.9 before python3.10.
bool by_name_and_number(const std::string& a, const std::string& b) {
  const std::string_view name_a = std::string_view(a).substr(0, a.find_first_of("0123456789"));
  const std::string_view name_b = std::string_view(b).substr(0, b.find_first_of("0123456789"));
  return name_a == name_b && a.size() != b.size() ? a.size() < b.size() : a < b;
}

// "[cobol]" → "cobol": a list of one.
std::string single(std::string_view value) {
  if (value.size() > 1 && value.front() == '[' && value.back() == ']')
    value = value.substr(1, value.size() - 2);
  return std::string(value);
}

using NewestRuntime = std::function<std::string(const std::string&)>;

std::string one_of_text(std::string_view member, const std::string& value, std::string_view list,
                        const NewestRuntime& newest) {
  std::vector<std::string> words = split_list(list);
  const bool of_runtimes = member == "runtime" || member == "compatibleRuntimes";
  if (member == "runtime")  // of those that AWS has, what runs here
    std::erase_if(words, [](const std::string& name) { return !model::is_runtime_here(name); });
  std::sort(words.begin(), words.end(), by_name_and_number);
  const std::string near =
      of_runtimes ? model::near_runtime(value, newest) : near_word(value, words);
  std::string out = near.empty() ? "it is one of " : "did you mean " + near + "? It is one of ";
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

// What the value must be: after the member's own words the limits that the message has.
std::string rule_of(std::string_view member, const std::string& value, std::string_view message,
                    const NewestRuntime& newest) {
  if (const auto list = between(message, "enum value set: [", "]"))
    return one_of_text(member, value, *list, newest);
  const auto after = [&](std::string_view words) -> std::string {
    const size_t at = message.find(words);
    if (at == std::string_view::npos) return "";
    const std::string_view rest = message.substr(at + words.size());
    return std::string(rest.substr(0, rest.find_first_not_of("0123456789.")));
  };
  if (const std::string least = after("value greater than or equal to "); !least.empty())
    return "it must be " + least + " at least";
  if (const std::string most = after("value less than or equal to "); !most.empty())
    return "it must be " + most + " at most";
  if (const SaidMember* known = member_named(member); known != nullptr && !known->rule.empty())
    return std::string(known->rule);
  if (const std::string most = after("length less than or equal to "); !most.empty())
    return "it has " + most + " characters at most";
  if (!after("length greater than or equal to ").empty()) return "it must not be empty";
  const size_t pattern = message.find("pattern: ");
  if (pattern != std::string_view::npos)
    return "it must match " + std::string(message.substr(pattern + 9));
  return "";
}

// Of a runtime that AWS has no more.
std::string without_support(const std::string& runtime, const NewestRuntime& newest) {
  const std::string near = model::near_runtime(runtime, newest);
  const bool own = near.empty() || near.starts_with("provided");
  return "the runtime " + runtime + " is no longer supported, as on AWS; " +
         (own ? "build a program named bootstrap, and use provided.al2023" : "use " + near);
}

}  // namespace

Error in_plain_words(Error error, const NewestRuntime& newest) {
  const std::string_view message = error.message;
  if (const auto old = between(message, "The runtime parameter of ", " is no longer supported"))
    return {error.kind, error.type, without_support(std::string(*old), newest)};
  const auto value = between(message, "Value '", "' at '");
  auto member = between(message, "' at '", "' failed to satisfy constraint: ");
  std::optional<std::string> said;
  // At its beginning: behind a place, as in "template.yaml:3:5: …", the value is the file's.
  constexpr size_t kBegins = std::string_view("ValidationException: 10 ").size();
  if (value && member && message.find("validation error") <= kBegins) {
    said = single(*value);
  } else if (message.starts_with("Value ")) {
    // Of runtimes: "Value x at 'runtime' failed to satisfy constraint: …"
    member = between(message, " at '", "' failed to satisfy constraint: ");
    if (const auto bare = between(message, "Value ", " at '"); bare && member) said = single(*bare);
  } else if (message.starts_with('\'')) {
    // Of sizes beyond 10,240: "'MemorySize' value failed to satisfy constraint: …"
    member = between(message, "'", "' value failed to satisfy constraint: ");
    if (member) {
      const std::string rule = rule_of(*member, "", message, newest);
      if (rule.empty()) return error;
      return {error.kind, "Usage", words_of(*member) + ": " + rule};
    }
  }
  if (!said) return error;
  const std::string rule = rule_of(*member, *said, message, newest);
  if (rule.empty()) return error;
  return {error.kind, "Usage", words_of(*member) + " can't be '" + *said + "'; " + rule};
}

}  // namespace kiln::cli
