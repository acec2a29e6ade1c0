// The operations of the Parameter Store as functions of documents. Errors have AWS's types and
// texts. Made for one request; not thread-safe.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "services/driver/input_checks.h"
#include "services/ssm/parameters.h"

namespace kiln::services {

class SsmOperations {
 public:
  SsmOperations(SsmParameters& parameters, std::string region, std::string account, WallTime now)
      : parameters_(parameters),
        region_(std::move(region)),
        account_(std::move(account)),
        now_(now) {}

  Result<nlohmann::json> run(const std::string& operation, const nlohmann::json& input);

 private:
  using Answer = Result<nlohmann::json>;
  using Operation = Answer (SsmOperations::*)(const nlohmann::json&);

  static Operation operation_of(const std::string& name);

  Answer put_parameter(const nlohmann::json& input);
  Answer get_parameter(const nlohmann::json& input);
  Answer get_parameters(const nlohmann::json& input);
  Answer get_parameters_by_path(const nlohmann::json& input);
  Answer delete_parameter(const nlohmann::json& input);
  Answer delete_parameters(const nlohmann::json& input);
  Answer describe_parameters(const nlohmann::json& input);
  Answer add_tags(const nlohmann::json& input);
  Answer remove_tags(const nlohmann::json& input);
  Answer list_tags(const nlohmann::json& input);
  Answer get_parameter_history(const nlohmann::json& input);
  Answer label_parameter_version(const nlohmann::json& input);
  Answer unlabel_parameter_version(const nlohmann::json& input);

  struct Asked {
    SsmParameter parameter;
    std::string selector;  // ":VERSION" or ":LABEL", "" without one
  };
  // The parameter that a name, an ARN, "NAME:VERSION", or "NAME:LABEL" means. Error:
  // ParameterNotFound, ParameterVersionNotFound.
  Result<Asked> look_up(const std::string& name) const;
  // All versions of the one that the member Name names, oldest first. Error: ParameterNotFound,
  // also for the name of one version.
  Result<std::vector<SsmParameter>> versions_of(const nlohmann::json& input) const;
  // Of the operations that label: the labels, and all versions of the parameter, oldest first.
  struct Labelled {
    std::vector<std::string> labels;
    std::vector<SsmParameter> versions;
    size_t place = 0;  // of the version that is meant

    SsmParameter& target() { return versions[place]; }
  };
  Result<Labelled> read_labelled(const nlohmann::json& input, InputChecks::Need version) const;
  // Of the tag operations.
  Result<SsmParameter> tagged(const nlohmann::json& input) const;
  std::string arn(const std::string& name) const;
  nlohmann::json value_document(const SsmParameter& parameter, bool decrypts) const;
  nlohmann::json asked_document(const Asked& asked, bool decrypts) const;
  nlohmann::json description(const SsmParameter& parameter) const;

  SsmParameters& parameters_;
  const std::string region_;
  const std::string account_;
  const WallTime now_;
};

}  // namespace kiln::services
