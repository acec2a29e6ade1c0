#include "services/lambda_documents.h"

#include "base/digest.h"
#include "services/lambda_call.h"

namespace kiln::services {
namespace {

using nlohmann::json;

Error wrong_type(const std::string& name, const char* wanted) {
  return {ErrorKind::kInvalid, "SerializationException", "'" + name + "' in the request is not " + wanted};
}

// Readers of members: absent or null leaves `out` as it is.
Result<void> read(const json& body, const char* name, std::string& out) {
  const auto it = body.find(name);
  if (it == body.end() || it->is_null()) return {};
  if (!it->is_string()) return wrong_type(name, "a string");
  out = it->get<std::string>();
  return {};
}

Result<void> read(const json& body, const char* name, int& out) {
  const auto it = body.find(name);
  if (it == body.end() || it->is_null()) return {};
  if (!it->is_number_integer() || *it > 2'000'000'000 || *it < -2'000'000'000) return wrong_type(name, "an integer");
  out = it->get<int>();
  return {};
}

// The object member `name`, an empty object when absent.
Result<json> read_object(const json& body, const char* name) {
  const auto it = body.find(name);
  if (it == body.end() || it->is_null()) return json::object();
  if (!it->is_object()) return wrong_type(name, "an object");
  return *it;
}

bool given(const json& body, const char* name) {
  const auto it = body.find(name);
  return it != body.end() && !it->is_null() && !it->empty();
}

Result<void> read_environment(const json& body, model::FunctionConfig& config) {
  if (!body.contains("Environment")) return {};
  auto environment = read_object(body, "Environment");
  if (!environment) return environment.error();
  auto variables = read_object(*environment, "Variables");
  if (!variables) return variables.error();
  config.environment.clear();
  for (const auto& [name, value] : variables->items()) {
    if (!value.is_string()) return wrong_type("Environment.Variables." + name, "a string");
    config.environment[name] = value.get<std::string>();
  }
  return {};
}

Result<void> read_logging(const json& body, model::LoggingConfig& logging) {
  auto given_config = read_object(body, "LoggingConfig");
  if (!given_config) return given_config.error();
  std::string format = logging.format == model::LogFormat::kJson ? "JSON" : "Text";
  if (auto r = read(*given_config, "LogFormat", format); !r) return r;
  if (format != "Text" && format != "JSON")
    return validation_error("1 validation error detected: Value '" + format +
                            "' at 'loggingConfig.logFormat' failed to satisfy constraint: Member must satisfy enum "
                            "value set: [Text, JSON]");
  logging.format = format == "JSON" ? model::LogFormat::kJson : model::LogFormat::kText;
  if (auto r = read(*given_config, "LogGroup", logging.log_group); !r) return r;
  if (logging.format == model::LogFormat::kText) {
    logging.application_level.clear();
    logging.system_level.clear();
    if (given(*given_config, "ApplicationLogLevel") || given(*given_config, "SystemLogLevel"))
      return invalid_parameter("Log level is not supported when LogFormat is Text. Remove it, or use LogFormat JSON.");
    return {};
  }
  if (logging.application_level.empty()) logging.application_level = "INFO";
  if (logging.system_level.empty()) logging.system_level = "INFO";
  if (auto r = read(*given_config, "ApplicationLogLevel", logging.application_level); !r) return r;
  return read(*given_config, "SystemLogLevel", logging.system_level);
}

// Refused rather than stored without effect.
Result<void> refuse_absent(const json& body) {
  const auto absent = [](const std::string& what) {
    return invalid_parameter("Kiln has no " + what + " yet; remove it from the request.");
  };
  if (given(body, "Layers")) return absent("layers (Layers)");
  if (given(body, "FileSystemConfigs")) return absent("file systems (FileSystemConfigs)");
  if (given(body, "ImageConfig")) return absent("container images (ImageConfig)");
  for (const auto& [name, member] : {std::pair{"VpcConfig", "SubnetIds"}, {"DeadLetterConfig", "TargetArn"}}) {
    auto object = read_object(body, name);
    if (!object) return object.error();
    if (given(*object, member)) return absent(std::string(name));
  }
  auto snap_start = read_object(body, "SnapStart");
  if (!snap_start) return snap_start.error();
  if (snap_start->value("ApplyOn", json("None")) != json("None")) return absent("SnapStart");
  std::string package = "Zip";
  if (auto r = read(body, "PackageType", package); !r) return r;
  if (package != "Zip") return absent("package type " + package + "; Kiln runs Zip packages: it");
  return {};
}

}  // namespace

Result<void> read_configuration(const json& body, model::FunctionConfig& config) {
  if (auto r = refuse_absent(body); !r) return r;
  for (const auto& [name, member] :
       {std::pair<const char*, std::string*>{"Runtime", &config.runtime}, {"Role", &config.role},
        {"Handler", &config.handler}, {"Description", &config.description}, {"KMSKeyArn", &config.kms_key_arn}})
    if (auto r = read(body, name, *member); !r) return r;
  if (auto r = read(body, "Timeout", config.timeout_s); !r) return r;
  if (auto r = read(body, "MemorySize", config.memory_mb); !r) return r;
  auto storage = read_object(body, "EphemeralStorage");
  if (!storage) return storage.error();
  if (auto r = read(*storage, "Size", config.ephemeral_mb); !r) return r;
  auto tracing = read_object(body, "TracingConfig");
  if (!tracing) return tracing.error();
  if (auto r = read(*tracing, "Mode", config.tracing_mode); !r) return r;
  if (const auto it = body.find("Architectures"); it != body.end() && !it->is_null()) {
    if (!it->is_array()) return wrong_type("Architectures", "a list");
    config.architectures.clear();
    for (const auto& one : *it) {
      if (!one.is_string()) return wrong_type("Architectures", "a list of strings");
      config.architectures.push_back(one.get<std::string>());
    }
  }
  if (auto r = read_environment(body, config); !r) return r;
  return read_logging(body, config.logging);
}

json function_document(const model::FunctionConfig& c, const std::string& arn_qualifier, StateView view) {
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
  if (!c.kms_key_arn.empty()) d["KMSKeyArn"] = c.kms_key_arn;
  json& logging = d["LoggingConfig"] = {{"LogFormat", c.logging.format == model::LogFormat::kJson ? "JSON" : "Text"},
                                        {"LogGroup", c.log_group()}};
  if (c.logging.format == model::LogFormat::kJson) {
    logging["ApplicationLogLevel"] = c.logging.application_level;
    logging["SystemLogLevel"] = c.logging.system_level;
  }
  if (view == StateView::kListed) return d;
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
  json d = {{"AliasArn", model::function_arn(function.region, function.account, function.name, alias.name)},
            {"Name", alias.name},
            {"FunctionVersion", alias.function_version},
            {"Description", alias.description},
            {"RevisionId", alias.revision_id}};
  if (alias.additional_version)
    d["RoutingConfig"] = {
        {"AdditionalVersionWeights", {{alias.additional_version->first, alias.additional_version->second}}}};
  return d;
}

}  // namespace kiln::services
