// What the operations of CloudWatch Logs answer: documents in, documents out, read from a LogStore.
// Blocking; thread-safe like the store.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "engine/log_store.h"

namespace kiln::services {

class LogsOperations {
 public:
  // Keeps a reference to `store`.
  LogsOperations(const engine::LogStore& store, std::string region, std::string account)
      : store_(store), region_(std::move(region)), account_(std::move(account)) {}

  // Errors are AWS's: ResourceNotFoundException, InvalidParameterException;
  // UnknownOperationException names the operation.
  Result<nlohmann::json> run(const std::string& operation, const nlohmann::json& input) const;

 private:
  Result<nlohmann::json> describe_log_groups(const nlohmann::json& input) const;
  Result<nlohmann::json> describe_log_streams(const nlohmann::json& input) const;
  Result<nlohmann::json> get_log_events(const nlohmann::json& input) const;
  Result<nlohmann::json> filter_log_events(const nlohmann::json& input) const;

  // logGroupName, or the name in logGroupIdentifier.
  Result<std::string> group_of(const nlohmann::json& input) const;
  std::string group_arn(const std::string& group) const;

  const engine::LogStore& store_;
  std::string region_;
  std::string account_;
};

}  // namespace kiln::services
