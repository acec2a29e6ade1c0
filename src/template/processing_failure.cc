#include "template/processing_failure.h"

#include <algorithm>
#include <set>

#include "template/language_extensions.h"
#include "template/sections.h"
#include "template/serverless.h"

namespace kiln::cfn {
namespace {

// What an error is about, of which SAM has one: a resource with its events, a section, or itself.
std::string_view subject_of(const Problem& problem) {
  constexpr std::string_view kGlobals = "'Globals' section";
  if (!problem.subject.empty()) return problem.subject;
  return problem.message.starts_with(kGlobals) ? kGlobals : problem.message;
}

// SAM goes on with the next resource once one is wrong.
std::string serverless_failure(const std::vector<Problem>& problems) {
  std::set<std::string_view> subjects;
  std::string messages;
  for (const Problem& problem : problems)
    if (subjects.insert(subject_of(problem)).second && subjects.size() <= kMaxProblems)
      messages += " " + problem.message;
  return "Invalid Serverless Application Specification document. Number of errors found: " +
         std::to_string(subjects.size()) + "." + messages;
}

bool has_computed_policies(const Node& root) {
  const Node* resources = root.find("Resources");
  if (!resources) return false;
  return std::any_of(resources->map.begin(), resources->map.end(), [](const Member& resource) {
    const Node* deletion = resource.value.find("DeletionPolicy");
    const Node* replacement = resource.value.find("UpdateReplacePolicy");
    return (deletion && deletion->is_map()) || (replacement && replacement->is_map());
  });
}

std::string without(std::string_view start, const std::string& message) {
  return message.starts_with(start) ? message.substr(start.size()) : message;
}

}  // namespace

std::string processing_failure(std::string_view transform, const std::vector<Problem>& problems) {
  if (problems.empty()) return "";
  const std::string& first = problems.front().message;
  if (transform.empty()) return first;
  return "Transform " + std::string(transform) + " failed with: " +
         (transform == kSamTransform ? serverless_failure(problems)
                                     : without("Template error: ", first));
}

bool has_wrong_parameters(const Node& root) {
  std::vector<Problem> problems;
  if (const Node* section = root.find("Parameters"); section && section->is_map())
    for (const Member& parameter : section->map) read_parameter(parameter, problems);
  return !problems.empty();
}

std::vector<std::string> valueless_parameters(const Node& root,
                                              const std::map<std::string, std::string>& given) {
  std::vector<std::string> out;
  const Node* section = root.find("Parameters");
  if (!section || !(root.find("Transform") || has_computed_policies(root))) return out;
  for (const Member& parameter : section->map)
    if (!parameter.value.find("Default") && !given.contains(parameter.name))
      out.push_back(parameter.name);
  return out;
}

}  // namespace kiln::cfn
