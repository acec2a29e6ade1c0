#include "services/lambda/documents.h"

#include <algorithm>
#include <array>

#include "base/arn.h"
#include "base/ascii.h"
#include "base/digest.h"
#include "base/ids.h"
#include "model/runtime_version.h"
#include "services/lambda/call.h"
#include "services/lambda/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

Error absent(const std::string& what) {
  return invalid_parameter("Kiln has no " + what + " yet; remove it from the request.");
}

// Ids of one kind, with AWS's text for those that are none. "" in `problem`: fine.
Result<void> check_ids(const std::vector<std::string>& ids, const std::string& member,
                       std::string_view prefix, const std::string& pattern, bool capitals) {
  const auto is_id = [&](const std::string& id) {
    return id.size() <= 1024 && id.starts_with(prefix) &&
           std::all_of(id.begin() + static_cast<std::ptrdiff_t>(prefix.size()), id.end(),
                       [&](char c) {
                         return ascii::is_digit(c) || ascii::is_lower(c) ||
                                (capitals && ascii::is_upper(c));
                       });
  };
  if (std::all_of(ids.begin(), ids.end(), is_id)) return {};
  std::string list;
  for (const std::string& id : ids) list += (list.empty() ? "" : ", ") + id;
  return validation_error("1 validation error detected: Value '[" + list + "]' at 'vpcConfig." +
                          member +
                          "' failed to satisfy constraint: Member must satisfy constraint: [Member "
                          "must have length less than or equal to 1024, Member must have length "
                          "greater than or equal to 0, Member must satisfy regular expression "
                          "pattern: " +
                          pattern + "]");
}

Result<void> check_vpc_ids(const model::VpcConfig& vpc) {
  if (auto ids = check_ids(vpc.subnet_ids, "subnetIds", "subnet-", "subnet-[0-9a-z]*", false); !ids)
    return ids;
  return check_ids(vpc.security_group_ids, "securityGroupIds", "sg-", "sg-[0-9a-zA-Z]*", true);
}

Result<void> check_vpc_ids(const json& vpc) {
  Fields fields(vpc);
  model::VpcConfig said;
  said.subnet_ids = fields.texts("SubnetIds").value_or(said.subnet_ids);
  said.security_group_ids = fields.texts("SecurityGroupIds").value_or(said.security_group_ids);
  if (auto read = fields.result(); !read) return read;
  return check_vpc_ids(said);
}

// Refused rather than stored without effect.
Result<void> refuse_absent(Fields& fields, VpcPolicy vpc_policy) {
  if (const auto type = fields.text("PackageType"); type && *type != "Zip") {
    if (*type == "Image") {
      return invalid_parameter(
          "Kiln runs functions of PackageType Zip only; PackageType Image needs a container "
          "runtime. Package the "
          "function as a zip archive.");
    }
    return enum_violation(*type, "packageType", "Image, Zip");
  }
  const bool refuse = vpc_policy == VpcPolicy::kRefuse;
  if (refuse && fields.says("FileSystemConfigs"))
    return invalid_parameter(
        "Kiln has no file systems (FileSystemConfigs); remove them from the request, or start it "
        "with --accept-vpc, which records them without effect.");
  if (fields.says("ImageConfig")) return absent("container images (ImageConfig)");
  if (fields.says("CodeSigningConfigArn")) return absent("code signing (CodeSigningConfigArn)");
  const json* vpc = refuse ? fields.object("VpcConfig") : nullptr;
  if (vpc == nullptr) return {};
  // What is wrong with the request comes before what Kiln has not.
  if (auto fit = check_vpc_ids(*vpc); !fit) return fit;
  for (const char* member : {"SubnetIds", "SecurityGroupIds"}) {
    if (Fields(*vpc).says(member))
      return invalid_parameter(
          "Kiln has no VPC (VpcConfig): functions are in the machine's network. Remove it from the "
          "request, or start Kiln with --accept-vpc, which records it without effect.");
  }
  return {};
}

// Without SubnetIds and SecurityGroupIds a function leaves its network.
Result<void> read_vpc(const json& given, std::optional<model::VpcConfig>& vpc) {
  Fields fields(given);
  const auto subnets = fields.texts("SubnetIds"), groups = fields.texts("SecurityGroupIds");
  const bool says_ipv6 = fields.says("Ipv6AllowedForDualStack");
  const bool ipv6 = fields.flag("Ipv6AllowedForDualStack");
  if (auto read = fields.result(); !read) return read;
  model::VpcConfig next = vpc.value_or(model::VpcConfig{});
  if (subnets) next.subnet_ids = *subnets;
  if (groups) next.security_group_ids = *groups;
  if (says_ipv6) next.ipv6 = ipv6;
  if (auto ids = check_vpc_ids(next); !ids) return ids;
  // A function that never was in one doesn't leave it.
  if (vpc || !next.subnet_ids.empty() || !next.security_group_ids.empty()) vpc = std::move(next);
  return {};
}

Result<void> read_file_systems(const json& list, std::vector<model::FileSystem>& out) {
  std::vector<model::FileSystem> next;
  for (const json& item : list) {
    if (!item.is_object()) return invalid_parameter("An entry of FileSystemConfigs is no object.");
    Fields fields(item);
    const auto arn = fields.text("Arn"), path = fields.text("LocalMountPath");
    if (auto read = fields.result(); !read) return read;
    if (!arn || !path)
      return invalid_parameter("An entry of FileSystemConfigs needs an Arn and a LocalMountPath.");
    next.push_back({*arn, *path});
  }
  if (next.size() > 1)
    return invalid_parameter("FileSystemConfigs has " + std::to_string(next.size()) +
                             " entries; at most 1 is allowed.");
  out = std::move(next);
  return {};
}

// A VPC's id, which nobody says: the same for the same subnets.
std::string vpc_id(const model::VpcConfig& vpc) {
  if (vpc.subnet_ids.empty()) return {};
  return "vpc-" + sha256_hex(vpc.subnet_ids.front()).substr(0, 17);
}

// A member that is not given keeps its value; levels exist with JSON only, and are INFO there
// unless said otherwise.
Result<void> read_logging(const json& given, model::LoggingConfig& logging) {
  Fields fields(given);
  if (const auto format = fields.text("LogFormat")) {
    if (*format != "JSON" && *format != "Text")
      return enum_violation(*format, "loggingConfig.logFormat", "JSON, Text");
    logging.format = *format == "JSON" ? model::LogFormat::kJson : model::LogFormat::kText;
  }
  if (const auto group = fields.text("LogGroup")) logging.log_group = *group;
  const auto application = fields.text("ApplicationLogLevel"),
             system = fields.text("SystemLogLevel");
  if (auto read = fields.result(); !read) return read;
  if (logging.format == model::LogFormat::kText) {
    if (application || system) {
      return invalid_parameter(
          "Log level is not supported when LogFormat is Text. Remove it, or use LogFormat JSON.");
    }
    logging.application_level.clear();
    logging.system_level.clear();
    return {};
  }
  if (application) logging.application_level = *application;
  if (system) logging.system_level = *system;
  if (logging.application_level.empty()) logging.application_level = "INFO";
  if (logging.system_level.empty()) logging.system_level = "INFO";
  return {};
}

}  // namespace

Result<void> read_configuration(const json& body, VpcPolicy vpc, model::FunctionConfig& config) {
  Fields fields(body);
  if (auto known = refuse_absent(fields, vpc); !known) return known;
  const auto take = [](auto&& value, auto& member) {
    if (value) member = *std::forward<decltype(value)>(value);
  };
  take(fields.text("Runtime"), config.runtime);
  take(fields.text("Role"), config.role);
  take(fields.text("Handler"), config.handler);
  take(fields.text("Description"), config.description);
  take(fields.text("KMSKeyArn"), config.kms_key_arn);
  if (const json* dead_letters = fields.object("DeadLetterConfig")) {
    Fields members(*dead_letters);
    take(members.text("TargetArn"), config.dead_letter_target_arn);
    if (auto read = members.result(); !read) return read;
    const std::string& arn = config.dead_letter_target_arn;
    if (arn.starts_with("arn:") && !is_arn_of(arn, "sns") && !is_arn_of(arn, "sqs"))
      return invalid_parameter("The provided DeadLetterConfig target " + arn +
                               " is not an SNS topic or an SQS queue.");
  }
  take(fields.integer("Timeout"), config.timeout_s);
  take(fields.integer("MemorySize"), config.memory_mb);
  take(fields.texts("Architectures"), config.architectures);
  // Readers of the members of a member; their errors come after the outer ones.
  Result<void> inner;
  const auto within = [&](const char* name, auto&& read) {
    const json* object = fields.object(name);
    if (object == nullptr || !inner) return;
    Fields members(*object);
    read(members);
    inner = members.result();
  };
  within("EphemeralStorage", [&](Fields& f) { take(f.integer("Size"), config.ephemeral_mb); });
  within("SnapStart", [&](Fields& f) { take(f.text("ApplyOn"), config.snap_start); });
  within("TracingConfig", [&](Fields& f) { take(f.text("Mode"), config.tracing_mode); });
  within("Environment", [&](Fields& f) {
    const auto variables = f.text_map("Variables");
    config.environment = variables.value_or(std::map<std::string, std::string>());
    config.has_environment = variables.has_value();
  });
  if (const json* network = fields.object("VpcConfig"); network != nullptr && inner)
    inner = read_vpc(*network, config.vpc);
  if (const auto mounts = body.find("FileSystemConfigs"); mounts != body.end() && inner) {
    if (mounts->is_array())
      inner = read_file_systems(*mounts, config.file_systems);
    else if (!mounts->is_null())
      inner = invalid_parameter("FileSystemConfigs is no list.");
  }
  const json* logging = fields.object("LoggingConfig");
  if (auto read = fields.result(); !read) return read;
  if (!inner) return inner;
  return logging != nullptr ? read_logging(*logging, config.logging.change()) : Result<void>();
}

std::string unheeded(const model::FunctionConfig& config) {
  const bool in_vpc =
      config.vpc && (!config.vpc->subnet_ids.empty() || !config.vpc->security_group_ids.empty());
  if (!in_vpc && config.file_systems.empty()) return {};
  return std::string(in_vpc && !config.file_systems.empty() ? "VpcConfig and FileSystemConfigs"
                     : in_vpc                               ? "VpcConfig"
                                                            : "FileSystemConfigs") +
         " of " + config.name + " " + (in_vpc && !config.file_systems.empty() ? "are" : "is") +
         " recorded without effect: the function is in the machine's network, and nothing is "
         "mounted.";
}

json function_document(const model::FunctionConfig& c, const std::string& arn_qualifier,
                       StateView view) {
  json d = {
      {"FunctionName", c.name},
      {"FunctionArn", model::function_arn(c.region, c.account, c.name, arn_qualifier)},
      {"Runtime", c.runtime},
      {"Role", c.role},
      {"Handler", c.handler},
      {"CodeSize", c.code.size_bytes},
      {"CodeSha256", c.code.sha256_base64},
      {"Description", c.description},
      {"Timeout", c.timeout_s},
      {"MemorySize", c.memory_mb},
      {"LastModified", c.last_modified},
      {"Version", c.version},
      {"TracingConfig", {{"Mode", c.tracing_mode}}},
      {"RevisionId", c.revision_id},
      {"PackageType", "Zip"},
      {"Architectures", c.architectures},
      {"EphemeralStorage", {{"Size", c.ephemeral_mb}}},
      {"SnapStart", {{"ApplyOn", c.snap_start}, {"OptimizationStatus", "Off"}}},
  };
  if (c.has_environment || !c.environment.empty())
    d["Environment"] = {{"Variables", c.environment}};
  if (c.vpc)
    d["VpcConfig"] = {{"SubnetIds", c.vpc->subnet_ids},
                      {"SecurityGroupIds", c.vpc->security_group_ids},
                      {"VpcId", vpc_id(*c.vpc)},
                      {"Ipv6AllowedForDualStack", c.vpc->ipv6}};
  for (const model::FileSystem& one : c.file_systems)
    d["FileSystemConfigs"].push_back({{"Arn", one.arn}, {"LocalMountPath", one.local_mount_path}});
  for (const auto& layer : c.layers->uses)
    d["Layers"].push_back({{"Arn", layer.arn}, {"CodeSize", layer.size_bytes}});
  if (!c.kms_key_arn.empty()) d["KMSKeyArn"] = c.kms_key_arn;
  if (!c.dead_letter_target_arn.empty())
    d["DeadLetterConfig"] = {{"TargetArn", c.dead_letter_target_arn}};
  json& logging = d["LoggingConfig"] = {
      {"LogFormat", c.logging->format == model::LogFormat::kJson ? "JSON" : "Text"},
      {"LogGroup", c.log_group()}};
  if (c.logging->format == model::LogFormat::kJson) {
    logging["ApplicationLogLevel"] = c.logging->application_level;
    logging["SystemLogLevel"] = c.logging->system_level;
  }
  if (view == StateView::kListed) return d;
  // On AWS the end of a change makes another revision, so the one in the answer never matches
  // later.
  if (view == StateView::kCreated || view == StateView::kUpdating) d["RevisionId"] = new_uuid();
  d["RuntimeVersionConfig"] = {
      {"RuntimeVersionArn", model::runtime_version_arn(c.region, c.runtime)}};
  d["State"] = view == StateView::kCreated ? "Pending" : "Active";
  if (view == StateView::kCreated) {
    d["StateReason"] = "The function is being created.";
    d["StateReasonCode"] = "Creating";
  } else {
    d["LastUpdateStatus"] = view == StateView::kUpdating ? "InProgress" : "Successful";
  }
  if (view == StateView::kUpdating) {
    d["LastUpdateStatusReason"] = "The function is being created.";
    d["LastUpdateStatusReasonCode"] = "Creating";
  }
  return d;
}

void show_snapshot(const engine::SnapshotStatus& snapshot, StateView view, json& document) {
  using Phase = model::SnapshotPhase;
  const bool on = snapshot.phase == Phase::kActive || snapshot.phase == Phase::kPending;
  document["SnapStart"]["OptimizationStatus"] = on ? "On" : "Off";
  if (view == StateView::kListed || view == StateView::kCreated) return;
  if (snapshot.phase == Phase::kPending) {
    document["State"] = "Pending";
    document["StateReason"] =
        snapshot.made_before ? "The function is being restored." : "The function is being created.";
    document["StateReasonCode"] = snapshot.made_before ? "Restoring" : "Creating";
    document.erase("LastUpdateStatus");
  } else if (snapshot.phase == Phase::kFailed) {
    document["State"] = "Failed";
    document["StateReason"] = snapshot.reason;
    document["StateReasonCode"] = snapshot.reason_code;
  }
}

json alias_document(const model::FunctionConfig& function, const model::Alias& alias) {
  json d = {{"AliasArn",
             model::function_arn(function.region, function.account, function.name, alias.name)},
            {"Name", alias.name},
            {"FunctionVersion", alias.function_version},
            {"Description", alias.description},
            {"RevisionId", alias.revision_id}};
  if (alias.additional_version)
    d["RoutingConfig"] = {{"AdditionalVersionWeights",
                           {{alias.additional_version->first, alias.additional_version->second}}}};
  return d;
}

}  // namespace kiln::services
