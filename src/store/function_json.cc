#include "store/function_json.h"

#include <nlohmann/json.hpp>

#include "base/document_reader.h"
#include "base/json_access.h"

namespace kiln::store {
namespace {

using model::Alias;
using model::CodeLocation;
using model::Function;
using model::FunctionConfig;
using model::LayerStack;
using model::LogFormat;
using model::LoggingConfig;
using nlohmann::json;

json to_json(const CodeLocation& code) {
  return {{"sha256", code.sha256_base64},
          {"size", code.size_bytes},
          {"zip", code.zip_sha_hex},
          {"hot_reload_dir", code.hot_reload_dir},
          {"unpacked", code.unpacked_bytes}};
}

json to_json(const LayerStack& layers) {
  json uses = json::array();
  for (const auto& use : layers.uses) uses.push_back({{"arn", use.arn}, {"size", use.size_bytes}});
  return {{"uses", std::move(uses)},
          {"folder", layers.folder_key},
          {"unpacked", layers.unpacked_bytes}};
}

json to_json(const LoggingConfig& logging) {
  return {{"format", logging.format == LogFormat::kJson ? "JSON" : "Text"},
          {"application_level", logging.application_level},
          {"system_level", logging.system_level},
          {"log_group", logging.log_group}};
}

json to_json(const FunctionConfig& c) {
  json document = {{"region", c.region},
                   {"account", c.account},
                   {"name", c.name},
                   {"version", c.version},
                   {"runtime", c.runtime},
                   {"handler", c.handler},
                   {"role", c.role},
                   {"description", c.description},
                   {"timeout_s", c.timeout_s},
                   {"memory_mb", c.memory_mb},
                   {"ephemeral_mb", c.ephemeral_mb},
                   {"environment", c.environment},
                   {"architectures", c.architectures},
                   {"code", to_json(c.code)},
                   {"logging", to_json(*c.logging)},
                   {"tracing_mode", c.tracing_mode},
                   {"dead_letter_target_arn", c.dead_letter_target_arn},
                   {"kms_key_arn", c.kms_key_arn},
                   {"snap_start", c.snap_start},
                   {"revision_id", c.revision_id},
                   {"last_modified", c.last_modified}};
  if (!c.layers->uses.empty()) document["layers"] = to_json(*c.layers);
  if (c.has_environment) document["has_environment"] = true;
  if (c.vpc)
    document["vpc"] = {{"subnets", c.vpc->subnet_ids},
                       {"security_groups", c.vpc->security_group_ids},
                       {"ipv6", c.vpc->ipv6}};
  for (const model::FileSystem& one : c.file_systems)
    document["file_systems"].push_back({{"arn", one.arn}, {"path", one.local_mount_path}});
  return document;
}

CodeLocation code_from(const DocumentReader& document) {
  CodeLocation code;
  document.read_if("sha256", code.sha256_base64);
  document.read_if("size", code.size_bytes);
  document.read_if("zip", code.zip_sha_hex);
  document.read_if("hot_reload_dir", code.hot_reload_dir);
  document.read_if("unpacked", code.unpacked_bytes);
  return code;
}

LayerStack layers_from(const DocumentReader& document) {
  LayerStack layers;
  for (const DocumentReader& one : document.list("uses")) {
    auto& use = layers.uses.emplace_back();
    one.read_if("arn", use.arn);
    one.read_if("size", use.size_bytes);
  }
  document.read_if("folder", layers.folder_key);
  document.read_if("unpacked", layers.unpacked_bytes);
  return layers;
}

LoggingConfig logging_from(const DocumentReader& document) {
  LoggingConfig logging;
  std::string format;
  document.read_if("format", format);
  logging.format = format == "JSON" ? LogFormat::kJson : LogFormat::kText;
  document.read_if("application_level", logging.application_level);
  document.read_if("system_level", logging.system_level);
  document.read_if("log_group", logging.log_group);
  return logging;
}

FunctionConfig config_from(const DocumentReader& document) {
  FunctionConfig c;
  // Without these the document names no function: read() makes it an error.
  document.read("region", c.region);
  document.read("name", c.name);
  document.read_if("account", c.account);
  document.read_if("version", c.version);
  document.read_if("runtime", c.runtime);
  document.read_if("handler", c.handler);
  document.read_if("role", c.role);
  document.read_if("description", c.description);
  document.read_if("timeout_s", c.timeout_s);
  document.read_if("memory_mb", c.memory_mb);
  document.read_if("ephemeral_mb", c.ephemeral_mb);
  document.read_if("environment", c.environment);
  document.read_if("has_environment", c.has_environment);
  if (document.has("vpc")) {
    const DocumentReader vpc = document.object("vpc");
    vpc.read_if("subnets", c.vpc.emplace().subnet_ids);
    vpc.read_if("security_groups", c.vpc->security_group_ids);
    vpc.read_if("ipv6", c.vpc->ipv6);
  }
  if (document.has("file_systems"))
    for (const DocumentReader& one : document.list("file_systems")) {
      model::FileSystem& file_system = c.file_systems.emplace_back();
      one.read_if("arn", file_system.arn);
      one.read_if("path", file_system.local_mount_path);
    }
  document.read_if("architectures", c.architectures);
  if (document.has("code")) c.code = code_from(document.object("code"));
  if (document.has("layers")) c.layers = layers_from(document.object("layers"));
  if (document.has("logging")) c.logging = logging_from(document.object("logging"));
  document.read_if("tracing_mode", c.tracing_mode);
  document.read_if("dead_letter_target_arn", c.dead_letter_target_arn);
  document.read_if("kms_key_arn", c.kms_key_arn);
  document.read_if("snap_start", c.snap_start);
  document.read_if("revision_id", c.revision_id);
  document.read_if("last_modified", c.last_modified);
  return c;
}

json to_json(const model::EventInvokeConfig& config) {
  json document = {{"on_success", config.on_success},
                   {"on_failure", config.on_failure},
                   {"last_modified_ms", epoch_ms(config.last_modified)}};
  if (config.maximum_retry_attempts) document["retries"] = *config.maximum_retry_attempts;
  if (config.maximum_event_age_s) document["age_s"] = *config.maximum_event_age_s;
  return document;
}

model::EventInvokeConfig event_invoke_from(const DocumentReader& document) {
  model::EventInvokeConfig config;
  document.read_if("on_success", config.on_success);
  document.read_if("on_failure", config.on_failure);
  document.read_if("last_modified_ms", config.last_modified);
  document.read_if("retries", config.maximum_retry_attempts);
  document.read_if("age_s", config.maximum_event_age_s);
  return config;
}

json to_json(const model::FunctionUrl& url) {
  json document = {{"id", url.id},
                   {"auth_type", url.auth_type},
                   {"invoke_mode", url.invoke_mode},
                   {"created_ms", epoch_ms(url.created)},
                   {"last_modified_ms", epoch_ms(url.last_modified)}};
  if (url.cors) {
    json& cors = document["cors"] = {{"credentials", url.cors->allow_credentials},
                                     {"headers", url.cors->allow_headers},
                                     {"methods", url.cors->allow_methods},
                                     {"origins", url.cors->allow_origins},
                                     {"expose", url.cors->expose_headers}};
    if (url.cors->max_age_s) cors["max_age_s"] = *url.cors->max_age_s;
  }
  return document;
}

model::FunctionUrl url_from(const DocumentReader& document) {
  model::FunctionUrl url;
  document.read("id", url.id);
  document.read_if("auth_type", url.auth_type);
  document.read_if("invoke_mode", url.invoke_mode);
  document.read_if("created_ms", url.created);
  document.read_if("last_modified_ms", url.last_modified);
  if (document.has("cors")) {
    const DocumentReader found = document.object("cors");
    auto& cors = url.cors.emplace();
    found.read_if("credentials", cors.allow_credentials);
    found.read_if("headers", cors.allow_headers);
    found.read_if("methods", cors.allow_methods);
    found.read_if("origins", cors.allow_origins);
    found.read_if("expose", cors.expose_headers);
    found.read_if("max_age_s", cors.max_age_s);
  }
  return url;
}

template <class T, class F>
Result<T> parsed(const std::string& text, F&& from_document) {
  std::string problem;
  const json document = json_parse(text);
  T out = from_document(DocumentReader(document, problem));
  if (problem.empty()) return out;
  return Error{ErrorKind::kInternal, "DatabaseError", "not a function document: " + problem};
}

}  // namespace

std::string config_to_text(const FunctionConfig& config) { return json_dump(to_json(config)); }

std::string alias_to_text(const Alias& alias) {
  json document = {{"name", alias.name},
                   {"function_version", alias.function_version},
                   {"description", alias.description},
                   {"revision_id", alias.revision_id}};
  if (alias.additional_version) {
    document["additional_version"] = alias.additional_version->first;
    document["additional_weight"] = alias.additional_version->second;
  }
  return json_dump(document);
}

std::string function_to_text(const Function& function) {
  json document = {{"latest", to_json(*function.latest)},
                   {"tags", function.tags.all()},
                   {"policies", function.policies.all()},
                   {"policy_revisions", function.policy_revisions.all()}};
  for (const auto& [qualifier, config] : function.provisioned)
    document["provisioned"][qualifier] = {{"requested", config.requested},
                                          {"last_modified", config.last_modified}};
  for (const auto& [qualifier, config] : function.event_invoke)
    document["event_invoke"][qualifier] = to_json(config);
  for (const auto& [qualifier, url] : function.urls) document["urls"][qualifier] = to_json(url);
  document["recursive_loop"] = function.recursive_loop;
  return json_dump(document);
}

Result<FunctionConfig> config_from_text(const std::string& text) {
  return parsed<FunctionConfig>(text, config_from);
}

Result<Alias> alias_from_text(const std::string& text) {
  return parsed<Alias>(text, [](const DocumentReader& document) {
    Alias alias;
    document.read("name", alias.name);
    document.read("function_version", alias.function_version);
    document.read_if("description", alias.description);
    document.read_if("revision_id", alias.revision_id);
    if (document.has("additional_version"))
      alias.additional_version.emplace(document.get<std::string>("additional_version"),
                                       document.get<double>("additional_weight"));
    return alias;
  });
}

Result<Function> function_from_text(const std::string& text) {
  return parsed<Function>(text, [](const DocumentReader& document) {
    Function function;
    function.latest =
        std::make_shared<const FunctionConfig>(config_from(document.object("latest")));
    const auto texts = [&document](std::string_view name) {
      std::map<std::string, std::string> read;
      document.read_if(name, read);
      return read;
    };
    function.tags = texts("tags");
    function.policies = texts("policies");
    function.policy_revisions = texts("policy_revisions");
    if (document.has("provisioned"))
      for (const auto& [qualifier, config] : document.members("provisioned")) {
        auto& provisioned = function.provisioned[qualifier];
        config.read_if("requested", provisioned.requested);
        config.read_if("last_modified", provisioned.last_modified);
      }
    if (document.has("event_invoke"))
      for (const auto& [qualifier, config] : document.members("event_invoke"))
        function.event_invoke[qualifier] = event_invoke_from(config);
    if (document.has("urls"))
      for (const auto& [qualifier, url] : document.members("urls"))
        function.urls[qualifier] = url_from(url);
    document.read_if("recursive_loop", function.recursive_loop);
    return function;
  });
}

}  // namespace kiln::store
