// Types that a stack records and nothing acts upon: CodeDeploy's deployments, which happen at once
// here, CDK's metadata, and handles of wait conditions, which templates have in the place of a
// resource that a condition takes away.
#include <array>

#include "stack/resource_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

constexpr Property kMetadataProperties[] = {{"Analytics"}};
constexpr Property kApplicationProperties[] = {
    {"ApplicationName", kReplace},
    {"ComputePlatform", kReplace},
    {"Tags"},
};
constexpr Property kDeploymentGroupProperties[] = {
    {"AlarmConfiguration"},
    {"ApplicationName", kReplace, kRequired},
    {"AutoRollbackConfiguration"},
    {"DeploymentConfigName"},
    {"DeploymentGroupName", kReplace},
    {"DeploymentStyle"},
    {"ServiceRoleArn", OnChange::kUpdate, kRequired},
    {"Tags"},
    {"TriggerConfigurations"},
};

class RecordedType : public ResourceType {
 public:
  RecordedType(std::string_view name, std::span<const Property> properties,
               std::string_view name_property)
      : name_(name), properties_(properties), name_property_(name_property) {}

  std::string_view name() const override { return name_; }
  std::span<const Property> properties() const override { return properties_; }
  std::vector<std::string_view> attributes() const override { return {"Id"}; }
  std::string_view name_property() const override { return name_property_; }

  Result<Made> create(const Scope&, const std::string& name, const json&) const override {
    return Made{name, {{"Id", name}}};
  }
  Result<Made> update(const Scope&, const std::string& id, const json&,
                      const json&) const override {
    return Made{id, {{"Id", id}}};
  }
  Result<void> remove(const Scope&, const std::string&, const json&) const override { return {}; }

 private:
  const std::string_view name_;
  const std::span<const Property> properties_;
  const std::string_view name_property_;
};

// Ref is an address of AWS's form; nobody listens there.
class WaitHandleType final : public RecordedType {
 public:
  WaitHandleType() : RecordedType("AWS::CloudFormation::WaitConditionHandle", {}, "") {}

  std::vector<std::string_view> attributes() const override { return {}; }

  Result<Made> create(const Scope& scope, const std::string&, const json&) const override {
    const std::string path = url_encoded(scope.stack_id + "/" + scope.logical_id);
    return Made{
        "https://cloudformation-waitcondition-" + scope.region + ".s3.amazonaws.com/" + path,
        json::object()};
  }
};

}  // namespace

std::span<const ResourceType* const> recorded_types() {
  static const RecordedType application("AWS::CodeDeploy::Application", kApplicationProperties,
                                        "ApplicationName");
  static const RecordedType group("AWS::CodeDeploy::DeploymentGroup", kDeploymentGroupProperties,
                                  "DeploymentGroupName");
  static const RecordedType metadata("AWS::CDK::Metadata", kMetadataProperties, "");
  static const WaitHandleType handle;
  static constexpr std::array<const ResourceType*, 4> all = {&metadata, &application, &group,
                                                             &handle};
  return all;
}

}  // namespace kiln::stack
