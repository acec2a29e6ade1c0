// What the parameters in the path and the query of a request may be, by AWS's service model. AWS
// looks at them before it looks for anything that they name. What is wrong with them is one answer.
#pragma once

#include "base/result.h"
#include "services/lambda/routes.h"
#include "wire/uri.h"

namespace kiln::services {

// Layers' names, aliases' names and statements' ids are the operations' own affair. Pure. Cost: a
// pass over a table of fifteen entries.
Result<void> check_parameter_values(const LambdaRoute& route, const wire::QueryParams& query);

}  // namespace kiln::services
