// AWS::Serverless-2016-10-31: the transform of SAM templates, over the tree of a template.
#pragma once

#include <vector>

#include "template/node.h"

namespace kiln::cfn {

// Whether the template asks for it.
bool is_serverless(const Node& root);

// Puts plain resources in the place of AWS::Serverless ones, and removes Globals.
void expand_serverless(Node& root, std::vector<Problem>& problems);

}  // namespace kiln::cfn
