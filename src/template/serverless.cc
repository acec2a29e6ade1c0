#include "template/serverless.h"

#include <algorithm>

namespace kiln::cfn {
namespace {

constexpr std::string_view kTransform = "AWS::Serverless-2016-10-31";

bool names_it(const Node& node) { return node.is_text() && node.text == kTransform; }

}  // namespace

bool is_serverless(const Node& root) {
  const Node* transform = root.find("Transform");
  return transform && (names_it(*transform) ||
                       std::any_of(transform->list.begin(), transform->list.end(), names_it));
}

void expand_serverless(Node& root, std::vector<Problem>& problems) {
  const Node* resources = root.find("Resources");
  if (!resources) return;
  for (const Member& resource : resources->map)
    if (const Node* type = resource.value.find("Type"); type && type->text.starts_with("AWS::Serverless::"))
      problems.push_back({"Template format error: " + type->text + " is not supported", type->place});
}

}  // namespace kiln::cfn
