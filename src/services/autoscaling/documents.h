// What Application Auto Scaling tells of targets, policies, scheduled actions and activities. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include "scaling/activity.h"
#include "scaling/scaling_record.h"

namespace kiln::services {

nlohmann::json target_document(const scaling::Target& target);
// Without Alarms.
nlohmann::json policy_document(const scaling::Policy& policy);
nlohmann::json action_document(const scaling::ScheduledAction& action);
nlohmann::json activity_document(const scaling::Activity& activity);

}  // namespace kiln::services
