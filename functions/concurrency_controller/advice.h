// The rules' words and numbers as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "rules.h"

namespace concurrency_controller {

nlohmann::json to_json(const Metrics& metrics);
nlohmann::json to_json(const Capacity& capacity);
nlohmann::json to_json(const Suggestion& suggestion, const Capacity& capacity);

}  // namespace concurrency_controller
