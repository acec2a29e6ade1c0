// Dashboards of CloudWatch: kept as they are given, and given back. Not thread-safe.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/state_port.h"

namespace kiln::services {

class CloudWatchDashboards {
 public:
  static constexpr const char* kKind = "dashboard";

  // `port` outlives this.
  CloudWatchDashboards(std::string account, StatePort& port)
      : account_(std::move(account)), port_(port) {}

  void load(const std::string& region, const std::string& name, const std::string& text);
  static bool has(const std::string& operation);
  // Error types: ResourceNotFound, InvalidParameterInput, InvalidParameterValueException.
  Result<nlohmann::json> run(const std::string& operation, const nlohmann::json& input,
                             const std::string& region, WallTime now);

 private:
  struct Dashboard {
    std::string body;
    double modified_s = 0;
  };
  std::string arn(const std::string& region, const std::string& name) const;

  std::string account_;
  StatePort& port_;
  std::map<std::string, std::map<std::string, Dashboard>> regions_;
};

}  // namespace kiln::services
