// Types that a stack records and nothing acts upon: IAM's roles and policies, which Kiln does not
// enforce, and CDK's metadata.
#include <array>

#include "stack/resource_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

constexpr auto kReplace = OnChange::kReplace;
constexpr auto kRequired = Need::kRequired;

constexpr Property kRoleProperties[] = {
    {"AssumeRolePolicyDocument", OnChange::kUpdate, kRequired},
    {"Description"},
    {"ManagedPolicyArns"},
    {"MaxSessionDuration"},
    {"Path", kReplace},
    {"PermissionsBoundary"},
    {"Policies"},
    {"RoleName", kReplace},
    {"Tags"},
};
constexpr Property kPolicyProperties[] = {
    {"Groups"},
    {"PolicyDocument", OnChange::kUpdate, kRequired},
    {"PolicyName", OnChange::kUpdate, kRequired},
    {"Roles"},
    {"Users"},
};
constexpr Property kManagedPolicyProperties[] = {
    {"Description", kReplace},
    {"Groups"},
    {"ManagedPolicyName", kReplace},
    {"Path", kReplace},
    {"PolicyDocument", OnChange::kUpdate, kRequired},
    {"Roles"},
    {"Users"},
};
constexpr Property kMetadataProperties[] = {{"Analytics"}};

class RecordedType : public ResourceType {
 public:
  RecordedType(std::string_view name, std::span<const Property> properties,
               std::string_view name_property)
      : name_(name), properties_(properties), name_property_(name_property) {}

  std::string_view name() const override { return name_; }
  std::span<const Property> properties() const override { return properties_; }
  std::vector<std::string_view> attributes() const override { return {"Id"}; }
  std::string_view name_property() const override { return name_property_; }

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    return made(scope, name, properties);
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json&,
                      const json& after) const override {
    return Made{id, made(scope, id.substr(id.rfind('/') + 1), after).attributes};
  }
  Result<void> remove(const Scope&, const std::string&, const json&) const override { return {}; }

 private:
  virtual Made made(const Scope&, const std::string& name, const json&) const {
    return {name, {{"Id", name}}};
  }

  const std::string_view name_;
  const std::span<const Property> properties_;
  const std::string_view name_property_;
};

std::string iam_arn(const Scope& scope, const char* kind, const std::string& name,
                    const json& properties) {
  const std::string path = text_of(properties, "Path");
  return "arn:aws:iam::" + scope.account + ":" + kind + (path.empty() ? "/" : path) + name;
}

class RoleType final : public RecordedType {
 public:
  RoleType() : RecordedType("AWS::IAM::Role", kRoleProperties, "RoleName") {}
  std::vector<std::string_view> attributes() const override { return {"Arn", "RoleId"}; }

 private:
  Made made(const Scope& scope, const std::string& name, const json& properties) const override {
    // Ids of roles: AROA and 17 characters. The same name gives the same id.
    std::string id = "AROA";
    for (size_t i = 0; i < 17; ++i)
      id += static_cast<char>('A' + (static_cast<unsigned char>(name[i % name.size()]) + i) % 26);
    return {name, {{"Arn", iam_arn(scope, "role", name, properties)}, {"RoleId", id}}};
  }
};

class ManagedPolicyType final : public RecordedType {
 public:
  ManagedPolicyType()
      : RecordedType("AWS::IAM::ManagedPolicy", kManagedPolicyProperties, "ManagedPolicyName") {}
  std::vector<std::string_view> attributes() const override { return {"PolicyArn"}; }

 private:
  Made made(const Scope& scope, const std::string& name, const json& properties) const override {
    const std::string arn = iam_arn(scope, "policy", name, properties);
    return {arn, {{"PolicyArn", arn}}};
  }
};

}  // namespace

std::span<const ResourceType* const> recorded_types() {
  static const RoleType role{};
  static const RecordedType policy("AWS::IAM::Policy", kPolicyProperties, "");
  static const ManagedPolicyType managed{};
  static const RecordedType metadata("AWS::CDK::Metadata", kMetadataProperties, "");
  static constexpr std::array<const ResourceType*, 4> all = {&role, &policy, &managed, &metadata};
  return all;
}

}  // namespace kiln::stack
