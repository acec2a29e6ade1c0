// AWS::LanguageExtensions: Fn::ForEach is written out. Its functions (Fn::Length, Fn::ToJsonString,
// DefaultValue of Fn::FindInMap) are evaluated like the others. Pure; what it makes is limited.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "template/node.h"

namespace kiln::cfn {

bool has_language_extensions(const Node& root);

// `parameters`: values that are given; else a parameter has its default.
void expand_language_extensions(Node& root, const std::map<std::string, std::string>& parameters,
                                std::vector<Problem>& problems);

// DeletionPolicy and UpdateReplacePolicy become texts where they are functions of parameters,
// mappings and conditions. AWS wants no transform for that any more.
void settle_policies(Node& root, const std::map<std::string, std::string>& parameters);

}  // namespace kiln::cfn
