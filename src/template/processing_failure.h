// The problems that CloudFormation finds only while it processes a template: what a transform can't
// make, and what is wrong with what it has made. A change set of such a template is created, and
// fails. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "template/template.h"

namespace kiln::cfn {

// As AWS says it, in one line. `transform`: the one that found them; "": they were found after it.
std::string processing_failure(std::string_view transform, const std::vector<Problem>& problems);

// Whether what the template itself says of parameters is wrong: no transform is asked then.
bool has_wrong_parameters(const Node& root);

}  // namespace kiln::cfn
