// How much provisioned concurrency a version or an alias may be given. Errors are those of
// PutProvisionedConcurrencyConfig. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "model/admission.h"
#include "model/function.h"

namespace kiln::model {

// What a function claims of its account by its configuration: its reserve, or, without one, its
// provisioned concurrency.
int claimed_by_configuration(const Function& function);

// "" and $LATEST can't have any.
Result<void> check_provisioned_qualifier(const std::string& qualifier);

// Error type AccountLimit stands for the InvalidParameterValueException of the account's limits.
inline constexpr const char* kAccountLimitError = "AccountLimit";

// `claimed_by_others`: by the configuration of the Region's other functions. REQUIRES: `qualifier`
// is a version or an alias of the function.
Result<void> check_provisioned(const Function& function, const std::string& qualifier, int units,
                               const AccountQuota& quota, int claimed_by_others);

}  // namespace kiln::model
