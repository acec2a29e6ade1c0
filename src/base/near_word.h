// What somebody may have meant by a word that is unknown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln {

// The candidate that is nearest to `word` by insertions, deletions, replacements and exchanges of
// neighbours: at most one for each three letters, at least one. Of equally near ones, the first.
// Where none is near, the only candidate that has `word`, of three letters or more, within it:
// --memory for --mem, orders-Api-1A2B for Api. Else "".
std::string near_word(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace kiln
