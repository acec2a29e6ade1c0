// What a serverless.yml says of its functions, for those who come from the Serverless Framework.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln::cli {

struct ServerlessFunction {
  std::string name;
  std::string handler, runtime;  // "": none is written out, without variables
};

// None of a text that can't be read.
std::vector<ServerlessFunction> serverless_functions(std::string_view text);

}  // namespace kiln::cli
