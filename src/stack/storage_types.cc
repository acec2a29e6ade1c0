// Amazon S3 and Systems Manager: buckets, their policies, parameters.
#include <array>
#include <cctype>

#include "base/arn.h"
#include "base/ascii.h"
#include "stack/resource_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

// A bucket has its name; what else the template says of it is recorded and has no effect here.
constexpr Property kBucketProperties[] = {
    {"AbacStatus"},
    {"AccelerateConfiguration"},
    {"AccessControl"},
    {"AnalyticsConfigurations"},
    {"BucketEncryption"},
    {"BucketName", kReplace},
    {"CorsConfiguration"},
    {"IntelligentTieringConfigurations"},
    {"InventoryConfigurations"},
    {"LifecycleConfiguration"},
    {"LoggingConfiguration"},
    {"MetadataConfiguration"},
    {"MetadataTableConfiguration"},
    {"MetricsConfigurations"},
    {"NotificationConfiguration"},
    {"ObjectLockConfiguration"},
    {"ObjectLockEnabled", kReplace},
    {"OwnershipControls"},
    {"PublicAccessBlockConfiguration"},
    {"ReplicationConfiguration"},
    {"Tags"},
    {"VersioningConfiguration"},
    {"WebsiteConfiguration"},
};

class BucketType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::S3::Bucket"; }
  std::span<const Property> properties() const override { return kBucketProperties; }
  std::vector<std::string_view> attributes() const override {
    return {"Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"};
  }
  std::string_view name_property() const override { return "BucketName"; }
  size_t max_name() const override { return 63; }

  Result<Made> create(const Scope& scope, const std::string& name, const json&) const override {
    std::string bucket = name;
    for (char& c : bucket) c = ascii::lower(c);
    const bool there = scope.api.s3("HEAD", bucket).ok();
    if (there && !scope.repairing) return already_exists(this->name(), bucket);
    if (!there)
      if (const auto done = scope.api.s3("PUT", bucket, "", location(scope)); !done)
        return done.error();
    return made(scope, bucket);
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json&,
                      const json&) const override {
    return made(scope, id);
  }
  Result<void> remove(const Scope& scope, const std::string& id, const json&) const override {
    std::string bucket = id;
    for (char& c : bucket) c = ascii::lower(c);
    const auto done = scope.api.s3("DELETE", bucket);
    if (!done && done.error().type.find("NoSuchBucket") != std::string::npos) return {};
    return gone(done);
  }

 private:
  static std::string location(const Scope& scope) {
    if (scope.region == "us-east-1") return {};
    return "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
           "<LocationConstraint>" +
           scope.region + "</LocationConstraint></CreateBucketConfiguration>";
  }
  static Made made(const Scope& scope, const std::string& name) {
    return {name,
            {{"Arn", "arn:" + std::string(partition_of(scope.region)) + ":s3:::" + name},
             {"DomainName", name + ".s3.amazonaws.com"},
             {"DualStackDomainName", name + ".s3.dualstack." + scope.region + ".amazonaws.com"},
             {"RegionalDomainName", name + ".s3." + scope.region + ".amazonaws.com"},
             {"WebsiteURL", "http://" + name + ".s3-website-" + scope.region + ".amazonaws.com"}}};
  }
};

constexpr Property kParameterProperties[] = {
    {"AllowedPattern"},
    {"DataType"},
    {"Description"},
    {"Name", kReplace},
    {"Policies"},
    {"Tags"},
    {"Tier"},
    {"Type", OnChange::kUpdate, kRequired},
    {"Value", OnChange::kUpdate, kRequired},
};

class ParameterType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::SSM::Parameter"; }
  std::span<const Property> properties() const override { return kParameterProperties; }
  std::vector<std::string_view> attributes() const override { return {"Type", "Value"}; }
  std::string_view name_property() const override { return "Name"; }
  size_t max_name() const override { return 255; }
  bool id_is_name() const override { return true; }

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    return put(scope, name, properties, scope.repairing);
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json&,
                      const json& after) const override {
    return put(scope, id, after, true);
  }
  Result<void> remove(const Scope& scope, const std::string& id, const json&) const override {
    return gone(scope.api.rpc("ssm", "AmazonSSM.DeleteParameter", {{"Name", id}}));
  }

 private:
  static Result<Made> put(const Scope& scope, const std::string& name, const json& properties,
                          bool overwrite) {
    json body = pick(properties, {"AllowedPattern", "DataType", "Description", "Policies", "Tier",
                                  "Type", "Value"});
    body["Name"] = name;
    body["Overwrite"] = overwrite;
    if (const json tags = tag_map(properties); !tags.empty() && !overwrite) {
      json list = json::array();
      for (const auto& [key, value] : tags.items())
        list.push_back({{"Key", key}, {"Value", value}});
      body["Tags"] = std::move(list);
    }
    if (const auto done = scope.api.rpc("ssm", "AmazonSSM.PutParameter", body); !done)
      return done.error();
    return Made{name, pick(properties, {"Type", "Value"})};
  }
};

}  // namespace

std::span<const ResourceType* const> storage_types() {
  static const BucketType bucket{};
  static const ParameterType parameter{};
  static constexpr std::array<const ResourceType*, 2> all = {&bucket, &parameter};
  return all;
}

}  // namespace kiln::stack
