// Text and numbers for web pages. Pure.
#pragma once

#include <string>
#include <string_view>

namespace kiln::report {

// For content and for attributes in double quotes; control characters become blanks, bytes that are
// no UTF-8 the replacement character.
std::string escape(std::string_view text);

// As people write it: 1,234,567; 12.3; 0.00042; at most four significant digits below 1,000. Not
// finite: "-".
std::string number(double value);

}  // namespace kiln::report
