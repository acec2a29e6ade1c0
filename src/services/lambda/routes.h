// Method and path to operation of the Lambda API, as AWS's service model has them. Pure.
#pragma once

#include <string>
#include <string_view>

#include "services/lambda/call.h"
#include "wire/uri.h"

namespace kiln::services {

struct LambdaRoute {
  std::string_view name;          // "CreateFunction"
  Operation operation = nullptr;  // nullptr: AWS has it, Kiln does not
  Preparation prepare = nullptr;  // nullptr: there is nothing to prepare
  bool names_function = false;    // the path's first variable is a FunctionName
  std::string function;           // the path's first variable
  std::string argument;           // its second
  std::string detail;             // and its third
};

// `name` empty: no such operation in AWS's API either.
LambdaRoute find_lambda_route(std::string_view method, const wire::Uri& uri);

}  // namespace kiln::services
