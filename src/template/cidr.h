// Fn::Cidr: the blocks that an address block is cut into. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace kiln::cfn {

// `block`: "10.0.0.0/16" or an IPv6 one; `count`: 1 to 256; `bits`: of each new block's host part,
// "" for 8. Error: what is wrong with them, or too few blocks.
Result<std::vector<std::string>> cidr_blocks(const std::string& block, const std::string& count,
                                             const std::string& bits);

}  // namespace kiln::cfn
