// The tokens by which a search expression finds names: a name is taken apart at capitals, digits
// and other characters.
//
//   name_parts("CustomCount1")        // {"Custom", "Count", "1"}
//   finds("Count1", "CustomCount1")   // true; "count" too, but not "count1"
//
// Follows the tables and examples of AWS's documentation of search expressions. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln::telemetry {

std::vector<std::string> name_parts(std::string_view name);

// A term without quotes. One that is a single part stands for that part in any case. Of several,
// all must follow each other in the name: those that capitals and digits tell apart in the case
// that they are written in, those that other characters do in any.
bool finds(std::string_view term, std::string_view name);

}  // namespace kiln::telemetry
