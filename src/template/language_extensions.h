// AWS::LanguageExtensions: Fn::ForEach is written out. Its functions (Fn::Length, Fn::ToJsonString,
// DefaultValue of Fn::FindInMap) are evaluated like the others. Pure; what it makes is limited.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "template/node.h"

namespace kiln::cfn {

inline constexpr std::string_view kLanguageExtensions = "AWS::LanguageExtensions";

bool has_language_extensions(const Node& root);

// `parameters`: values that are given; else a parameter has its default.
void expand_language_extensions(Node& root, const std::map<std::string, std::string>& parameters,
                                std::vector<Problem>& problems);

// Fn::Sub, Fn::Join, Fn::Length and Fn::ToJsonString become what they give where that is known
// before the deployment, as AWS shows a template that is processed. Parameters with NoEcho are not.
void carry_out_known_functions(Node& root, const std::map<std::string, std::string>& parameters);

// DeletionPolicy and UpdateReplacePolicy become texts: AWS takes functions of known values there,
// also without the transform.
void resolve_policies(Node& root, const std::map<std::string, std::string>& parameters);

}  // namespace kiln::cfn
