// AWS::Serverless-2016-10-31: the transform of SAM templates, over the tree of a template.
//
// Functions and layers become what SAM makes of them, under SAM's logical ids; events of the type
// SNS too. What Kiln has no service for is a problem at its place. Two things differ from AWS,
// where the transform knows the values of the parameters: an alias whose name is a Ref has the
// parameter's default in its logical id, and a Ref in CodeUri counts for a new version as it is
// written.
#pragma once

#include <vector>

#include "template/node.h"

namespace kiln::cfn {

// Whether the template asks for it.
bool is_serverless(const Node& root);

// Puts plain resources in the place of AWS::Serverless ones, and removes Globals. What refers to
// `Function.Alias`, `Function.Version` or a layer refers to what they have become.
void expand_serverless(Node& root, std::vector<Problem>& problems);

}  // namespace kiln::cfn
