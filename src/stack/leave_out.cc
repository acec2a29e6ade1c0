#include "stack/leave_out.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/arn.h"
#include "base/json_access.h"
#include "model/runtimes.h"
#include "model/snapshot_state.h"
#include "stack/custom_resource.h"
#include "stack/skipped_type.h"
#include "template/evaluate.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

// Properties that may be missing and mean nothing without what they refer to. Lists lose the
// entries that do.
constexpr std::string_view kReferences[] = {"AlarmActions",
                                            "CodeSigningConfigArn",
                                            "DeadLetterConfig",
                                            "FileSystemConfigs",
                                            "KmsKeyArn",
                                            "KmsKeyId",
                                            "KmsMasterKeyId",
                                            "Layers",
                                            "OKActions",
                                            "RedrivePolicy",
                                            "Subscription",
                                            "InsufficientDataActions",
                                            "SubscriptionRoleArn",
                                            "PermissionsBoundary",
                                            "ManagedPolicyArns",
                                            "NotificationConfiguration",
                                            "LoggingConfiguration",
                                            "ReplicationConfiguration",
                                            "BucketEncryption",
                                            "VpcConfig"};
// Not required, as another property may say the same; but what the resource is about.
constexpr std::string_view kSubjects[] = {"Endpoint", "ResourceId", "ScalingTargetId"};
// Of other services' documents, where a text is as good as what it stands for.
constexpr std::string_view kNeededDocuments[] = {"AssumeRolePolicyDocument", "PolicyDocument",
                                                 "Roles", "Metrics", "Topics"};

template <class Names>
bool is_among(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string text_at(const json& value, const char* name) {
  const auto found = value.is_object() ? value.find(name) : value.end();
  return value.is_object() && found != value.end() && found->is_string() ? json_text(*found)
                                                                         : std::string();
}

bool is_foreign_layer(const json& layer, const std::string& account) {
  if (!layer.is_string() || cfn::is_unknown(layer)) return false;
  // arn:aws:lambda:REGION:ACCOUNT:layer:NAME:VERSION
  const std::string& arn = json_text(layer);
  size_t start = 0;
  for (int part = 0; part < 4 && start != std::string::npos; ++part) {
    start = arn.find(':', start);
    if (start != std::string::npos) ++start;
  }
  return arn.starts_with("arn:") && start != std::string::npos &&
         arn.substr(start, arn.find(':', start) - start) != account;
}

// Why a function can't be one here; "" when it can.
std::string unrunnable(const json& properties) {
  const auto code = properties.find("Code");
  if (code != properties.end() && code->is_string() && !cfn::is_unknown(*code))
    return "Code is a local path (" + json_text(*code) +
           ") that was not packed: build it first, then `kiln deploy` or `aws cloudformation "
           "package` takes it";
  if (text_at(properties, "PackageType") == "Image" ||
      (properties.contains("Code") && properties["Code"].is_object() &&
       properties["Code"].contains("ImageUri")))
    return "PackageType Image needs a container runtime; package the function as a zip archive";
  const std::string runtime = text_at(properties, "Runtime");
  if (runtime.empty() || cfn::is_unknown(runtime) || model::is_runtime_here(runtime)) return {};
  const std::string near = model::near_runtime(runtime, {});
  return "Runtime " + runtime + " is not here; " +
         (near.starts_with("python") || near.starts_with("nodejs")
              ? "the nearest is " + near
              : "there are python3.x, nodejsXX.x, provided.al2 and provided.al2023");
}

bool has_network(const json& properties) {
  const auto vpc = properties.find("VpcConfig");
  if (vpc == properties.end() || !vpc->is_object()) return false;
  return std::any_of(vpc->begin(), vpc->end(),
                     [](const json& ids) { return ids.is_array() && !ids.empty(); });
}

// SnapStart is of published versions, and not of every runtime.
bool has_snap_start(const json& properties) {
  const auto snap = properties.find("SnapStart");
  return snap != properties.end() && text_at(*snap, "ApplyOn") == "PublishedVersions";
}

bool is_function(const ResourceType& type) { return type.name() == "AWS::Lambda::Function"; }

// What S3 refuses here.
constexpr std::pair<const char*, const char*> kAbsentOfBuckets[] = {
    {"AbacStatus", "nothing is decided by tags here"},
    {"AccelerateConfiguration", "there is no acceleration here"},
    {"AnalyticsConfigurations", "buckets are not analyzed here"},
    {"IntelligentTieringConfigurations", "there is one tier here"},
    {"InventoryConfigurations", "there are no inventories here"},
    {"LoggingConfiguration", "accesses to buckets are not logged here"},
    {"MetadataConfiguration", "there are no metadata tables here"},
    {"MetadataTableConfiguration", "there are no metadata tables here"},
    {"MetricsConfigurations", "buckets have no metrics here"},
    {"NotificationConfiguration", "buckets notify nobody here"},
    {"ObjectLockConfiguration", "objects are not locked here"},
    {"ObjectLockEnabled", "objects are not locked here"},
    {"ReplicationConfiguration", "buckets are not replicated here"},
    {"WebsiteConfiguration", "buckets are no websites here"}};

// The parts of a resource that Kiln has nothing for, each with why.
std::vector<std::pair<const char*, std::string>> absent_parts(const ResourceType& type,
                                                              const json& properties,
                                                              VpcPolicy vpc) {
  const bool records_vpc = vpc == VpcPolicy::kRecord;
  std::vector<std::pair<const char*, std::string>> out;
  if (type.name() == "AWS::S3::Bucket")
    for (const auto& [name, why] : kAbsentOfBuckets)
      if (const auto found = properties.find(name); found != properties.end() &&
                                                    !(found->is_structured() && found->empty()) &&
                                                    *found != json(false))
        out.emplace_back(name, why);
  if (!is_function(type)) return out;
  if (has_network(properties) && !records_vpc)
    out.emplace_back("VpcConfig", "functions run in this machine's network");
  if (const auto found = properties.find("RuntimeManagementConfig"); found != properties.end())
    if (const std::string on = text_at(*found, "UpdateRuntimeOn");
        on == "Manual" || on == "FunctionUpdate")
      out.emplace_back("RuntimeManagementConfig", "runtimes are this machine's");
  if (const std::string runtime = text_at(properties, "Runtime");
      has_snap_start(properties) && !runtime.empty() && !cfn::is_unknown(runtime) &&
      !model::can_have_snapshots(runtime))
    out.emplace_back("SnapStart", "for " + runtime + ", as AWS has none");
  for (const char* name :
       {"FileSystemConfigs", "ImageConfig", "CodeSigningConfigArn", "CapacityProviderConfig",
        "FunctionScalingConfig", "TenancyConfig", "DurableConfig", "PublishToLatestPublished"})
    if (const auto found = properties.find(name);
        found != properties.end() && !(found->is_structured() && found->empty()) &&
        !(records_vpc && std::string_view(name) == "FileSystemConfigs"))
      out.emplace_back(name, "there is nothing for it here");
  return out;
}

// Resources of other types that can't be made here; "" when they can.
std::string unholdable(const ResourceType& type, const json& properties) {
  const std::string_view name = type.name();
  if (name.starts_with("AWS::ApplicationAutoScaling::")) {
    const std::string service = text_at(properties, "ServiceNamespace");
    if (!service.empty() && service != "lambda" && !cfn::is_unknown(service))
      return "scaling of " + service + " is not here, that of lambda is";
  }
  if (name == kStackType)
    if (const std::string url = text_at(properties, "TemplateURL");
        !url.empty() && !cfn::is_unknown(url) && !cfn::is_left_out(url) &&
        !url.starts_with("http://") && !url.starts_with("https://"))
      return "TemplateURL is '" + url +
             "', which is no address of an object: `kiln deploy` or `aws cloudformation package` "
             "puts a local template into a bucket";
  if (type.is_custom())
    if (const std::string token = text_at(properties, "ServiceToken");
        !token.empty() && !cfn::is_unknown(token) && !cfn::is_left_out(token) &&
        !is_service_token(token))
      return "Invalid service token.";
  if (name == "AWS::Logs::SubscriptionFilter")
    if (const std::string to = text_at(properties, "DestinationArn");
        !to.empty() && !cfn::is_unknown(to) && !cfn::is_left_out(to) && !is_arn_of(to, "lambda"))
      return "log events are handed to functions alone, and '" + to + "' is the ARN of none";
  if (name == "AWS::SSM::Parameter" && text_at(properties, "Type") == "SecureString")
    return "CloudFormation makes no parameters of the Type SecureString";
  if (name == "AWS::SNS::Subscription")
    if (const std::string protocol = text_at(properties, "Protocol");
        protocol == "application" || protocol == "firehose")
      return "subscriptions of the protocol " + protocol + " are not here";
  if (name == "AWS::CloudWatch::Alarm") {
    const auto metrics = properties.find("Metrics");
    const bool band = properties.contains("ThresholdMetricId") ||
                      (metrics != properties.end() &&
                       json_dump(*metrics).find("ANOMALY_DETECTION_BAND") != std::string::npos);
    if (band) return "anomaly detection is not here";
    if (properties.contains("EvaluationCriteria")) return "EvaluationCriteria is not here";
  }
  return {};
}

}  // namespace

LeftOut leave_out(const ResourceType& type, const std::string& account, json& properties,
                  VpcPolicy vpc) {
  LeftOut out;
  if (const std::string why = unholdable(type, properties); !why.empty()) {
    out.whole = why;
    return out;
  }
  for (const auto& [name, why] : absent_parts(type, properties, vpc)) {
    properties.erase(name);
    out.parts.push_back(std::string(name) + " (" + why + ")");
  }
  if (is_function(type)) {
    if (const std::string why = unrunnable(properties); !why.empty()) {
      out.whole = why;
      return out;
    }
    if (const auto layers = properties.find("Layers");
        layers != properties.end() && layers->is_array())
      std::erase_if(*layers->get_ptr<json::array_t*>(), [&](const json& layer) {
        if (cfn::is_left_out(layer) || !is_foreign_layer(layer, account)) return false;
        out.parts.push_back("the layer " + json_text(layer) + " (of another account)");
        return true;
      });
  }
  if (type.name() == "AWS::Lambda::EventInvokeConfig")
    if (const auto config = properties.find("DestinationConfig"); config != properties.end())
      for (const char* side : {"OnSuccess", "OnFailure"})
        if (const auto on = config->find(side); on != config->end() && cfn::is_left_out(*on)) {
          out.parts.push_back(std::string("DestinationConfig.") + side + " (of " +
                              skipped_names(*on) + ")");
          config->erase(side);
        }
  // What the type does not have, such as properties that are newer than this Kiln.
  for (auto item = properties.begin(); !type.is_custom() && item != properties.end();) {
    const auto all = type.properties();
    if (std::any_of(all.begin(), all.end(),
                    [&](const Property& property) { return property.name == item.key(); })) {
      ++item;
      continue;
    }
    out.parts.push_back(item.key() + " (which " + std::string(type.name()) +
                        " does not have here)");
    item = properties.erase(item);
  }
  for (const Property& property : type.properties()) {
    const auto found = properties.find(property.name);
    if (found == properties.end() || !cfn::is_left_out(*found)) continue;
    const std::string of = " (of " + skipped_names(*found) + ")";
    if (is_among(kReferences, property.name)) {
      if (found->is_array()) {
        std::erase_if(*found->get_ptr<json::array_t*>(), cfn::is_left_out);
        out.parts.push_back("entries of " + std::string(property.name) + of);
      } else {
        out.parts.push_back(std::string(property.name) + of);
        properties.erase(found);
      }
    } else if (property.need == Need::kRequired && !is_among(kNeededDocuments, property.name) &&
               property.name != "Role") {
      out.whole = std::string(property.name) + " is" + of;
      return out;
    } else if (is_among(kSubjects, property.name)) {
      out.whole = "its " + std::string(property.name) + " is" + of;
      return out;
    } else if (property.name == "Role") {
      *found = "arn:aws:iam::" + account + ":role/left-out";
    }
  }
  return out;
}

std::string recorded_note(const ResourceType& type, const json& properties) {
  if (type.name().starts_with("AWS::CodeDeploy::"))
    return "Recorded without effect: an alias moves to its new version at once";
  if (type.name() != "AWS::S3::Bucket") return {};
  // Given back by S3's API, and nothing else comes of them.
  std::string out;
  for (const char* name : {"AccessControl", "BucketEncryption", "LifecycleConfiguration",
                           "PublicAccessBlockConfiguration", "VersioningConfiguration"})
    if (properties.contains(name))
      out += (out.empty() ? "Recorded without effect: " : ", ") + std::string(name);
  return out;
}

Result<void> check_holdable(const ResourceType& type, const std::string& account,
                            const json& properties, VpcPolicy vpc) {
  const auto refuse = [](const std::string& what) {
    return Error{ErrorKind::kInvalid, "ValidationError",
                 what + "; `kiln deploy --skip-unsupported` leaves it out"};
  };
  if (const std::string why = unholdable(type, properties); !why.empty()) return refuse(why);
  if (is_function(type))
    if (const std::string why = unrunnable(properties); !why.empty()) return refuse(why);
  for (const auto& [name, why] : absent_parts(type, properties, vpc))
    return refuse("Kiln has no " + std::string(name) + ": " + why);
  if (!is_function(type)) return {};
  if (const auto layers = properties.find("Layers");
      layers != properties.end() && layers->is_array())
    for (const json& layer : *layers)
      if (is_foreign_layer(layer, account))
        return refuse("The layer " + json_text(layer) + " belongs to another account than " +
                      account + ", the one of this Kiln; publish its zip here");
  return {};
}

}  // namespace kiln::stack
