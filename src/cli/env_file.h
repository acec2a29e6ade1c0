// Files of environment variables, as dotenv and docker run --env-file read them.
//
//   # a comment
//   NAME=value
//   export TOKEN="with \"quotes\", \n and $dollars as they are"
//
// Pure but for reading the file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kiln::cli {

// What is said of a name that no variable has on Lambda (model/variable_name.h). Values may be
// secret: neither the API's text nor the value is in it.
std::string not_a_variable_name(std::string_view text);

// "NAME=VALUE" texts in the order of the file. Error (kInvalid): unreadable, or a line that is
// none; the message names the line.
Result<std::vector<std::string>> read_env_file(const std::string& path);
Result<std::vector<std::string>> parse_env_file(const std::string& path, std::string_view text);

}  // namespace kiln::cli
