// FunctionConfiguration and AliasConfiguration as the API answers them, and their reading from a
// request. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "base/vpc_policy.h"
#include "engine/snapshot_board.h"
#include "model/function.h"

namespace kiln::services {

// What AWS says of the state differs by the call.
enum class StateView {
  kCreated,   // State Pending: the answer of CreateFunction
  kUpdating,  // LastUpdateStatus InProgress: the answer of the updates
  kCurrent,   // Active, Successful
  kListed,    // lists say nothing of it
};

// `arn_qualifier`: what stands behind the name in FunctionArn; "" for nothing.
nlohmann::json function_document(const model::FunctionConfig& config,
                                 const std::string& arn_qualifier, StateView view);
// Adds what a published version with SnapStart is at.
void show_snapshot(const engine::SnapshotStatus& snapshot, StateView view,
                   nlohmann::json& document);
nlohmann::json alias_document(const model::FunctionConfig& function, const model::Alias& alias);

// Takes over what `body` (of CreateFunction or UpdateFunctionConfiguration) says; the rest of
// `config` stays. Error: a member of the wrong type, or a feature that Kiln does not have.
Result<void> read_configuration(const nlohmann::json& body, VpcPolicy vpc,
                                model::FunctionConfig& config);
// What of the function has no effect here; "" for nothing.
std::string unheeded(const model::FunctionConfig& config);

}  // namespace kiln::services
