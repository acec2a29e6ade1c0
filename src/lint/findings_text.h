// Findings as texts and documents.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "lint/rule.h"

namespace kiln::lint {

// "orders.yaml:12:7"
std::string place_text(const Model& model, const Finding& finding);
// "1 error, 2 warnings, 0 infos in 2 stacks"
std::string summary_text(const Model& model, const std::vector<Finding>& findings);

// {"findings": [{rule, severity, file, line, column, stack, logicalId, message, why, advice}],
//  "errors": 1, "warnings": 2, "infos": 0}
nlohmann::json json_document(const Model& model, const std::vector<Finding>& findings);
// SARIF 2.1.0, with all rules.
nlohmann::json sarif_document(const Model& model, const std::vector<Finding>& findings,
                              const std::string& version);

}  // namespace kiln::lint
