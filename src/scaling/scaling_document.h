// Scalable targets, policies and scheduled actions as the texts that are kept of them. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "scaling/scaling_record.h"

namespace kiln::scaling {

std::string target_text(const Target& target);
std::string policy_text(const Policy& policy);
std::string action_text(const ScheduledAction& action);

// Errors: the text is none of the above.
Result<Target> parse_target(const std::string& region, const std::string& text);
Result<Policy> parse_policy(const std::string& region, const std::string& text);
Result<ScheduledAction> parse_action(const std::string& region, const std::string& text);

}  // namespace kiln::scaling
