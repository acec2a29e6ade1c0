// Settings of a function that have an operation of their own and one value here.
#pragma once

#include "services/lambda/call.h"

namespace kiln::services {

// A qualifier where only a whole function will do.
Error unqualified_only();

OperationResult get_function_code_signing(LambdaCall& call);
OperationResult put_function_code_signing(LambdaCall& call);
OperationResult delete_function_code_signing(LambdaCall& call);
OperationResult get_recursion_config(LambdaCall& call);
OperationResult put_recursion_config(LambdaCall& call);
OperationResult get_runtime_management(LambdaCall& call);
OperationResult put_runtime_management(LambdaCall& call);

}  // namespace kiln::services
