// What to do about resource types that stacks don't have: the type that somebody may have meant, or
// the Transform that is missing. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln::stack {

// Of `known`, the type that differs from `name` by a slip in its service or in its last part alone;
// "": none. AWS has other types with similar names, so this suggests little.
std::string near_type(std::string_view name, const std::vector<std::string>& known);

// "Did you mean AWS::Lambda::Function?", and that AWS::Serverless's types need SAM's transform;
// "" for types that stacks just don't have.
std::string advice_for_types(const std::vector<std::string>& unknown, bool has_sam_transform);

}  // namespace kiln::stack
