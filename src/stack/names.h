// The names that stacks give to what the template leaves unnamed: STACK-LOGICALID-XXXXXXXXXXXX, cut
// to what the type allows.
#pragma once

#include <cstddef>
#include <string>

namespace kiln::stack {

std::string chosen_name(const std::string& stack, const std::string& logical_id, size_t max);

}  // namespace kiln::stack
