// AWS::Serverless-2016-10-31: the transform of SAM templates, over the tree of a template.
//
// Functions, layers, APIs, tables and state machines become what SAM makes of them, under SAM's
// logical ids. One thing differs: the hash in the logical id of an API's deployment, which AWS
// takes from the way one version of Python prints the definition. Connectors grant permissions and
// are left out, since nothing here asks for any. Other types of SAM's stay as they are: a stack
// refuses them by their name.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "template/node.h"

namespace kiln::cfn {

inline constexpr std::string_view kSamTransform = "AWS::Serverless-2016-10-31";

// The types that it makes something of: "AWS::Serverless::Function", …
std::vector<std::string> serverless_types();

// Whether the template asks for it.
bool is_serverless(const Node& root);

// Puts plain resources in the place of AWS::Serverless ones, and removes Globals. What refers to
// `Function.Alias`, `Function.Version` or a layer refers to what they have become. `parameters`:
// the values that were given; else a parameter has its default. `notes`: what is recorded without
// effect.
void expand_serverless(Node& root, const std::map<std::string, std::string>& parameters,
                       std::vector<Problem>& problems, std::vector<Problem>& notes);

}  // namespace kiln::cfn
