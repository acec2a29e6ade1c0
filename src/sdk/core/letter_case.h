// Upper and lower case of UTF-8 text, without the C library's locales: for Latin, Greek and
// Cyrillic letters that have one letter for the other case. Other characters stay as they are.
//
// Threading: pure functions. Ownership: none. Cost: one pass, one allocation; ASCII eight bytes at
// a time.
#pragma once

#include <string>
#include <string_view>

namespace kiln::sdk {

std::string lower_case(std::string_view text);
void lower_case(std::string_view text, std::string& out);  // into `out`, whose room it uses again

// The first letter of each run of letters in upper case, the others in lower case: "o'neil-müller"
// is "O'Neil-Müller".
std::string title_case(std::string_view text);
void title_case(std::string_view text, std::string& out);

// Without white space (ASCII's) at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace kiln::sdk
