// The problems that CloudFormation finds only while it processes a template: what a transform can't
// make, and what is wrong with what it has made. A change set of such a template is created, and
// fails. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "template/template.h"

namespace kiln::cfn {

inline constexpr size_t kMaxProblems = 100;  // told of one template

// As AWS says it, in one line: all of them count, and the first are told. `transform`: the one that
// found them; "": they were found after it.
std::string processing_failure(std::string_view transform, const std::vector<Problem>& problems);

// Whether what the template itself says of parameters is wrong: no transform is asked then.
bool has_wrong_parameters(const Node& root);

// The parameters without a value that what a template becomes may depend on: all of those that have
// no default, where there are transforms or policies of resources that are functions.
std::vector<std::string> valueless_parameters(const Node& root,
                                              const std::map<std::string, std::string>& given);

}  // namespace kiln::cfn
