// Versions of parameters and their labels. Errors have AWS's types and texts. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "services/ssm/parameters.h"

namespace kiln::services {

bool has_ssm_label(const SsmParameter& version, const std::string& label);

// As recorded: AWS has no text for it.
Error no_such_ssm_parameter();
// `asked`: a number or a label.
Error no_such_ssm_version(const std::string& asked, const std::string& name);

// Whether there is room for one more: the oldest of too many goes, but not with a label.
Result<void> check_room_for_ssm_version(const std::vector<SsmParameter>& versions);

double ssm_seconds(int64_t epoch_ms);

}  // namespace kiln::services
