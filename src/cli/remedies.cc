#include "cli/remedies.h"

#include <array>
#include <string_view>
#include <vector>

#include "base/ascii.h"

namespace kiln::cli {
namespace {

// A text of AWS's, with the value between `before` and `after`. In the step, "$" is that value and
// "@" the function.
struct Remedy {
  std::string_view before, after, step;
};
constexpr std::array kRemedies = {
    Remedy{"Alias with weights can not be used with Provisioned Concurrency", "",
           "`kiln alias set @ ALIAS VERSION` points the alias at one version"},
    Remedy{"cannot be applied to unpublished function versions", "",
           "`kiln publish @` publishes a version"},
    Remedy{"$LATEST is not supported for an alias pointing to more than 1 version", "",
           "`kiln publish @` publishes a version"},
    Remedy{"specify either a function name or an unqualified function ARN", "",
           "write the function's name without a version or an alias"},
    Remedy{"Reserved keys used in this request: ", "",
           "leave them out: Lambda sets them for each function"},
    Remedy{"Two different versions of the same layer are not allowed", "",
           "name one version of each layer"},
    Remedy{"Functions from '", "' are not reachable in this region", "add --region $"},
    Remedy{"Deletion of aliases is not currently supported", "",
           "`kiln alias delete NAME ALIAS` deletes an alias"},
    Remedy{"is already included in routing configuration", "",
           "a route goes to another version than the alias's own"},
    Remedy{"UnreservedConcurrentExecution below its minimum value of [", "]",
           "of the account's concurrency, $ stay for functions without a reserve. Ask for less, or "
           "start `kiln serve` with a larger --account-concurrency"},
    Remedy{"greater than account's unreserved concurrency [", "]",
           "ask for $ at most, or start `kiln serve` with a larger --account-concurrency"},
    Remedy{"a snapshot can be made of one thread only", "",
           "start threads in the handler, or in a hook that runs after the restore"},
    Remedy{"Unresolved resource dependencies [", "] in the Conditions block",
           "no parameter is named $: declare it under Parameters, or correct the name"},
    Remedy{"Unresolved resource dependencies [", "] in the ",
           "no parameter or resource is named $: declare it, or correct the name"},
    Remedy{"instance of Fn::GetAtt references undefined resource ", "",
           "declare $ under Resources, or correct the name"},
    Remedy{"Unresolved condition dependency ", " in the ",
           "declare $ under Conditions, or correct the name"},
    Remedy{"Unresolved condition dependency ", "",
           "declare $ under Conditions, or correct the name"},
    Remedy{"No export named ", " found",
           "deploy the stack that exports it first. `kiln aws cloudformation list-exports` shows "
           "what is exported"},
    Remedy{"Parameters: [ssm:", "] cannot be found",
           "`kiln aws ssm put-parameter --name $ --type String --value VALUE` makes it"},
    Remedy{"Unable to fetch parameters [", "] from parameter store",
           "`kiln aws ssm put-parameter --name $ --type String --value VALUE` makes it"},
    Remedy{"Parameters: [", "] must have values", "give each with --parameter NAME=VALUE"},
    Remedy{"Parameters: [", "] do not exist in the template",
           "the names are those under Parameters of the template"},
    Remedy{"Circular dependency between resources: [", "]",
           "take out one of the Ref, Fn::GetAtt, Fn::Sub, or DependsOn that join them"},
};

// The step of a remedy that fits; "": it doesn't.
std::string step_of(const Remedy& remedy, std::string_view problem, const std::string& function) {
  const size_t at = problem.find(remedy.before);
  if (at == std::string_view::npos) return "";
  std::string_view value = problem.substr(at + remedy.before.size());
  if (remedy.after.empty()) {
    value = value.substr(0, value.find_first_of(" ;"));
    while (value.ends_with('.')) value.remove_suffix(1);
  } else {
    const size_t end = value.find(remedy.after);
    if (end == std::string_view::npos) return "";
    value = value.substr(0, end);
  }
  // A command takes one of several names.
  if (remedy.step.starts_with('`')) value = value.substr(0, value.find(", "));
  std::string out;
  for (const char c : remedy.step) {
    if (c == '$')
      out += value;
    else if (c == '@')
      out += function;
    else
      out += c;
  }
  return out;
}

std::string with_remedy(std::string_view problem, const std::string& function) {
  for (const Remedy& remedy : kRemedies)
    if (const std::string step = step_of(remedy, problem, function); !step.empty()) {
      if (problem.ends_with('.')) problem.remove_suffix(1);
      return std::string(problem) + "; " + step;
    }
  return std::string(problem);
}

std::vector<std::string_view> problem_lines(std::string_view text) {
  std::vector<std::string_view> out;
  for (size_t end = 0; end != std::string_view::npos;) {
    end = text.find('\n');
    out.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

// Takes a number away from the front; "": there is none.
std::string_view take_number(std::string_view& text) {
  size_t end = 0;
  while (end < text.size() && ascii::is_digit(text[end])) ++end;
  const std::string_view number = text.substr(0, end);
  text.remove_prefix(end);
  return number;
}

bool take(std::string_view& text, std::string_view words) {
  if (!text.starts_with(words)) return false;
  text.remove_prefix(words.size());
  return true;
}

// "line 3, column 5: " taken away from the front: ":3:5"; "" when it isn't there.
std::string take_place(std::string_view& text) {
  std::string_view rest = text;
  if (!take(rest, "line ")) return "";
  const std::string_view line = take_number(rest);
  if (line.empty() || !take(rest, ", column ")) return "";
  const std::string_view column = take_number(rest);
  if (column.empty() || !take(rest, ": ")) return "";
  text = rest;
  return ":" + std::string(line) + ":" + std::string(column);
}

}  // namespace

std::string with_remedies(const std::string& text, const std::string& function) {
  std::string out;
  for (const std::string_view line : problem_lines(text))
    out += (out.empty() ? "" : "\n") + with_remedy(line, function);
  return out;
}

std::string placed_in(const std::string& file, const std::string& text) {
  std::string out;
  for (std::string_view line : problem_lines(text)) {
    const std::string place = take_place(line);
    if (out.empty())
      out = file + place + ": ";
    else if (place.empty() && !line.empty() && ascii::is_lower(line.front()))
      out += ": ";  // what a parser adds to the problem
    else
      out += "\n" + file + place + ": ";
    out += line;
  }
  return out;
}

}  // namespace kiln::cli
