// Changing the configuration of provisioned concurrency, for the Lambda API and for scaling
// policies alike: the same rules, the same errors. Control thread.
#pragma once

#include <string>

#include "engine/account_book.h"
#include "engine/registry.h"
#include "model/provisioned_rules.h"

namespace kiln::engine {

// Concurrency that functions of a Region claim by their configuration, but for one.
int claimed_concurrency(const Registry& registry, const std::string& region,
                        const std::string& except);

// The function, when it is there and `qualifier` is a version or alias of it that may have
// provisioned concurrency. Errors: AWS's.
Result<model::FunctionPtr> find_provisionable(const Registry& registry, const std::string& region,
                                              const std::string& name,
                                              const std::string& qualifier);

Result<void> put_provisioned(Registry& registry, const model::AccountQuota& quota,
                             const std::string& region, const std::string& name,
                             const std::string& qualifier, int units);
// Also when there was none.
Result<void> delete_provisioned(Registry& registry, const std::string& region,
                                const std::string& name, const std::string& qualifier);

}  // namespace kiln::engine
