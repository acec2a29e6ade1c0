// What somebody may have meant by a word that is unknown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln::cli {

// The candidate that is nearest to `word` by insertions, deletions, replacements and exchanges of
// neighbours; "" when none is near: at most one for each three letters, at least one. Of equally
// near ones, the first.
std::string near_word(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace kiln::cli
