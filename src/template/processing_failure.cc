#include "template/processing_failure.h"

#include <set>

#include "template/language_extensions.h"
#include "template/sections.h"
#include "template/serverless.h"

namespace kiln::cfn {
namespace {

// "Orders" of "Resource with id [Orders] is invalid. …"; the whole text where it is about none.
std::string_view subject_of(std::string_view message) {
  constexpr std::string_view kStart = "Resource with id [";
  if (!message.starts_with(kStart)) return message;
  return message.substr(kStart.size(), message.find(']') - kStart.size());
}

// SAM goes on with the next resource once one is wrong.
std::string serverless_failure(const std::vector<Problem>& problems) {
  std::set<std::string_view> subjects;
  std::string messages;
  for (const Problem& problem : problems)
    if (subjects.insert(subject_of(problem.message)).second) messages += " " + problem.message;
  return "Invalid Serverless Application Specification document. Number of errors found: " +
         std::to_string(subjects.size()) + "." + messages;
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

}  // namespace kiln::cfn
