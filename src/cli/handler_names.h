// Which functions of a source file look like a handler; it may miss some. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln::cli {

// In the file's order, of the top level alone. Python: what takes an event and a context, by these
// names, or is called handler or lambda_handler and takes two of any. JavaScript: what is exported
// by name, alone or in a list, and may be a function; bundles as well.
std::vector<std::string> handlers_in_python(std::string_view source);
std::vector<std::string> handlers_in_javascript(std::string_view source);

}  // namespace kiln::cli
