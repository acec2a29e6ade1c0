// Amazon S3 and Systems Manager: buckets, their policies, parameters.
#include <array>

#include "base/arn.h"
#include "base/ascii.h"
#include "base/json_access.h"
#include "stack/bucket_settings.h"
#include "stack/names.h"
#include "stack/resource_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

// What S3 has nothing for here is refused, or left out (leave_out).
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

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    const std::string bucket = bucket_of(name);
    const bool there = scope.api.s3("HEAD", bucket).ok();
    if (there && !scope.repairing) return already_exists(this->name(), bucket);
    if (!there)
      if (const auto done = scope.api.s3("PUT", bucket, "", location(scope)); !done)
        return done.error();
    if (auto done = set(scope, bucket, json::object(), properties); !done) {
      if (!there) (void)scope.api.s3("DELETE", bucket);
      return done.error();
    }
    return made(scope, bucket);
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json& before,
                      const json& after) const override {
    if (auto done = set(scope, id, before, after); !done) return done.error();
    return made(scope, id);
  }
  Result<void> remove(const Scope& scope, const std::string& id, const json&) const override {
    const auto done = scope.api.s3("DELETE", bucket_of(id));
    if (!done && done.error().type.find("NoSuchBucket") != std::string::npos) return {};
    return gone(done);
  }

 private:
  static std::string bucket_of(std::string name) {
    for (char& c : name) c = ascii::lower(c);
    return name;
  }
  // What the properties say besides the name.
  static Result<void> set(const Scope& scope, const std::string& bucket, const json& before,
                          const json& after) {
    for (const BucketSetting& setting : bucket_settings()) {
      if (!differs(before, after, std::string(setting.property).c_str())) continue;
      std::string document = setting.document(after);
      if (document.empty() && setting.otherwise) document = setting.otherwise;
      const auto done = document.empty() ? scope.api.s3("DELETE", bucket, setting.query)
                                         : scope.api.s3("PUT", bucket, setting.query, document);
      if (!done) return done.error();
    }
    return {};
  }
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

constexpr Property kBucketPolicyProperties[] = {
    {"Bucket", kReplace, kRequired},
    {"PolicyDocument", OnChange::kUpdate, kRequired},
};

class BucketPolicyType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::S3::BucketPolicy"; }
  std::span<const Property> properties() const override { return kBucketPolicyProperties; }

  Result<Made> create(const Scope& scope, const std::string&,
                      const json& properties) const override {
    const std::string bucket = text_of(properties, "Bucket");
    if (!scope.repairing && scope.api.s3("GET", bucket, kPolicy))
      return already_exists(name(), bucket);
    return put(scope, bucket, properties);
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json&,
                      const json& after) const override {
    return put(scope, id, after);
  }
  Result<void> remove(const Scope& scope, const std::string&,
                      const json& properties) const override {
    const auto done = scope.api.s3("DELETE", text_of(properties, "Bucket"), kPolicy);
    if (!done && done.error().type.find("NoSuchBucket") != std::string::npos) return {};
    return gone(done);
  }

 private:
  static constexpr const char* kPolicy = "?policy";

  static Result<Made> put(const Scope& scope, const std::string& bucket, const json& properties) {
    const json& document = json_member(properties, "PolicyDocument");
    const auto done = scope.api.s3(
        "PUT", bucket, kPolicy, document.is_string() ? json_text(document) : json_dump(document));
    if (!done) return done.error();
    return Made{bucket, json::object()};
  }
};

constexpr const char* kPutParameter = "AmazonSSM.PutParameter";
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
  std::string name_for(const std::string&, const std::string& logical_id,
                       const json&) const override {
    return chosen_name("CFN", logical_id, max_name());
  }
  bool id_is_name() const override { return true; }

  Result<void> check(const AwsApi& trial, const std::string& name,
                     const json& properties) const override {
    // A value that has to match is known later, or now.
    json known = known_part(properties, {{"Value", "later"}});
    if (known["Value"] != properties["Value"]) known.erase("AllowedPattern");
    if (lacks(known, properties, {"Tier", "Type"})) return {};
    return verdict(trial.rpc("ssm", kPutParameter, creation(name, known, Overwrite::kYes)));
  }
  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    return put(scope, name, properties, scope.repairing ? Overwrite::kYes : Overwrite::kNo);
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json& before,
                      const json& after) const override {
    if (differs(before, after, "Tags"))
      if (auto done = retag(scope, id, before, after); !done) return done.error();
    return put(scope, id, after, Overwrite::kYes);
  }
  Result<void> remove(const Scope& scope, const std::string& id, const json&) const override {
    return gone(scope.api.rpc("ssm", "AmazonSSM.DeleteParameter", {{"Name", id}}));
  }

 private:
  enum class Overwrite { kYes, kNo };

  static Result<void> retag(const Scope& scope, const std::string& id, const json& before,
                            const json& after) {
    const TagChange change = tag_change(before, after);
    const json whose = {{"ResourceType", "Parameter"}, {"ResourceId", id}};
    if (!change.removed.empty()) {
      json body = whose;
      body["TagKeys"] = change.removed;
      if (const auto done = scope.api.rpc("ssm", "AmazonSSM.RemoveTagsFromResource", body); !done)
        return done.error();
    }
    if (change.wanted.empty()) return {};
    json body = whose;
    body["Tags"] = tag_list(change.wanted);
    const auto done = scope.api.rpc("ssm", "AmazonSSM.AddTagsToResource", body);
    return done ? Result<void>() : done.error();
  }

  static json creation(const std::string& name, const json& properties, Overwrite overwrite) {
    json body = pick(properties, {"AllowedPattern", "DataType", "Description", "Policies", "Tier",
                                  "Type", "Value"});
    body["Name"] = name;
    body["Overwrite"] = overwrite == Overwrite::kYes;
    if (const auto tags = tag_change(json::object(), properties).wanted;
        !tags.empty() && overwrite == Overwrite::kNo)
      body["Tags"] = tag_list(tags);
    return body;
  }
  static Result<Made> put(const Scope& scope, const std::string& name, const json& properties,
                          Overwrite overwrite) {
    if (const auto done =
            scope.api.rpc("ssm", kPutParameter, creation(name, properties, overwrite));
        !done)
      return done.error();
    return Made{name, pick(properties, {"Type", "Value"})};
  }
};

}  // namespace

std::span<const ResourceType* const> storage_types() {
  static const BucketType bucket{};
  static const BucketPolicyType policy{};
  static const ParameterType parameter{};
  static constexpr std::array<const ResourceType*, 3> all = {&bucket, &policy, &parameter};
  return all;
}

}  // namespace kiln::stack
