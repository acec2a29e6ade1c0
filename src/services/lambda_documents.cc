#include "services/lambda_documents.h"

#include <array>

#include "base/digest.h"
#include "base/ids.h"
#include "services/lambda_call.h"
#include "services/lambda_fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

Error absent(const std::string& what) {
  return invalid_parameter("Kiln has no " + what + " yet; remove it from the request.");
}

// Refused rather than stored without effect.
Result<void> refuse_absent(Fields& fields) {
  if (const auto type = fields.text("PackageType"); type && *type != "Zip") {
    if (*type == "Image") {
      return invalid_parameter(
          "Kiln runs functions of PackageType Zip only; PackageType Image needs a container "
          "runtime. Package the "
          "function as a zip archive.");
    }
    return enum_violation(*type, "packageType", "Image, Zip");
  }
  if (fields.says("FileSystemConfigs")) return absent("file systems (FileSystemConfigs)");
  if (fields.says("ImageConfig")) return absent("container images (ImageConfig)");
  if (fields.says("CodeSigningConfigArn")) return absent("code signing (CodeSigningConfigArn)");
  for (const char* member : {"SubnetIds", "SecurityGroupIds"}) {
    const json* vpc = fields.object("VpcConfig");
    if (vpc != nullptr && Fields(*vpc).says(member)) return absent("VpcConfig");
  }
  if (const json* snap_start = fields.object("SnapStart")) {
    const auto apply_on = Fields(*snap_start).text("ApplyOn").value_or("None");
    if (apply_on == "PublishedVersions") return absent("SnapStart");
    if (apply_on != "None")
      return enum_violation(apply_on, "snapStart.applyOn", "PublishedVersions, None");
  }
  return {};
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

Result<void> read_configuration(const json& body, model::FunctionConfig& config) {
  Fields fields(body);
  if (auto known = refuse_absent(fields); !known) return known;
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
    if (arn.starts_with("arn:") && !arn.starts_with("arn:aws:sns:") &&
        !arn.starts_with("arn:aws:sqs:"))
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
  within("TracingConfig", [&](Fields& f) { take(f.text("Mode"), config.tracing_mode); });
  within("Environment", [&](Fields& f) {
    config.environment = f.text_map("Variables").value_or(std::map<std::string, std::string>());
  });
  const json* logging = fields.object("LoggingConfig");
  if (auto read = fields.result(); !read) return read;
  if (!inner) return inner;
  return logging != nullptr ? read_logging(*logging, config.logging) : Result<void>();
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
  if (!c.environment.empty()) d["Environment"] = {{"Variables", c.environment}};
  for (const auto& layer : c.layers.uses)
    d["Layers"].push_back({{"Arn", layer.arn}, {"CodeSize", layer.size_bytes}});
  if (!c.kms_key_arn.empty()) d["KMSKeyArn"] = c.kms_key_arn;
  if (!c.dead_letter_target_arn.empty())
    d["DeadLetterConfig"] = {{"TargetArn", c.dead_letter_target_arn}};
  json& logging = d["LoggingConfig"] = {
      {"LogFormat", c.logging.format == model::LogFormat::kJson ? "JSON" : "Text"},
      {"LogGroup", c.log_group()}};
  if (c.logging.format == model::LogFormat::kJson) {
    logging["ApplicationLogLevel"] = c.logging.application_level;
    logging["SystemLogLevel"] = c.logging.system_level;
  }
  if (view == StateView::kListed) return d;
  // On AWS the end of a change makes another revision, so the one in the answer never matches
  // later.
  if (view == StateView::kCreated || view == StateView::kUpdating) d["RevisionId"] = new_uuid();
  d["RuntimeVersionConfig"] = {
      {"RuntimeVersionArn", "arn:aws:lambda:" + c.region + "::runtime:" + sha256_hex(c.runtime)}};
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
