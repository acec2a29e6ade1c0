#include "store/function_json.h"

#include <nlohmann/json.hpp>

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

std::string dump(const json& document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

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
                   {"logging", to_json(c.logging)},
                   {"tracing_mode", c.tracing_mode},
                   {"dead_letter_target_arn", c.dead_letter_target_arn},
                   {"kms_key_arn", c.kms_key_arn},
                   {"snap_start", c.snap_start},
                   {"revision_id", c.revision_id},
                   {"last_modified", c.last_modified}};
  if (!c.layers.uses.empty()) document["layers"] = to_json(c.layers);
  if (c.has_environment) document["has_environment"] = true;
  if (c.vpc)
    document["vpc"] = {{"subnets", c.vpc->subnet_ids},
                       {"security_groups", c.vpc->security_group_ids},
                       {"ipv6", c.vpc->ipv6}};
  for (const model::FileSystem& one : c.file_systems)
    document["file_systems"].push_back({{"arn", one.arn}, {"path", one.local_mount_path}});
  return document;
}

// Leaves `field` as it is when the key is absent.
template <class T>
void read(const json& document, const char* key, T& field) {
  if (const auto found = document.find(key); found != document.end()) found->get_to(field);
}

CodeLocation code_from(const json& document) {
  CodeLocation code;
  read(document, "sha256", code.sha256_base64);
  read(document, "size", code.size_bytes);
  read(document, "zip", code.zip_sha_hex);
  read(document, "hot_reload_dir", code.hot_reload_dir);
  read(document, "unpacked", code.unpacked_bytes);
  return code;
}

LayerStack layers_from(const json& document) {
  LayerStack layers;
  for (const json& one : document.at("uses")) {
    auto& use = layers.uses.emplace_back();
    read(one, "arn", use.arn);
    read(one, "size", use.size_bytes);
  }
  read(document, "folder", layers.folder_key);
  read(document, "unpacked", layers.unpacked_bytes);
  return layers;
}

LoggingConfig logging_from(const json& document) {
  LoggingConfig logging;
  std::string format;
  read(document, "format", format);
  logging.format = format == "JSON" ? LogFormat::kJson : LogFormat::kText;
  read(document, "application_level", logging.application_level);
  read(document, "system_level", logging.system_level);
  read(document, "log_group", logging.log_group);
  return logging;
}

FunctionConfig config_from(const json& document) {
  FunctionConfig c;
  // Without these the document names no function: .at() makes it an error.
  document.at("region").get_to(c.region);
  document.at("name").get_to(c.name);
  read(document, "account", c.account);
  read(document, "version", c.version);
  read(document, "runtime", c.runtime);
  read(document, "handler", c.handler);
  read(document, "role", c.role);
  read(document, "description", c.description);
  read(document, "timeout_s", c.timeout_s);
  read(document, "memory_mb", c.memory_mb);
  read(document, "ephemeral_mb", c.ephemeral_mb);
  read(document, "environment", c.environment);
  read(document, "has_environment", c.has_environment);
  if (document.contains("vpc")) {
    const json& vpc = document["vpc"];
    read(vpc, "subnets", c.vpc.emplace().subnet_ids);
    read(vpc, "security_groups", c.vpc->security_group_ids);
    read(vpc, "ipv6", c.vpc->ipv6);
  }
  if (document.contains("file_systems"))
    for (const json& one : document["file_systems"]) {
      model::FileSystem& file_system = c.file_systems.emplace_back();
      read(one, "arn", file_system.arn);
      read(one, "path", file_system.local_mount_path);
    }
  read(document, "architectures", c.architectures);
  if (document.contains("code")) c.code = code_from(document["code"]);
  if (document.contains("layers")) c.layers = layers_from(document["layers"]);
  if (document.contains("logging")) c.logging = logging_from(document["logging"]);
  read(document, "tracing_mode", c.tracing_mode);
  read(document, "dead_letter_target_arn", c.dead_letter_target_arn);
  read(document, "kms_key_arn", c.kms_key_arn);
  read(document, "snap_start", c.snap_start);
  read(document, "revision_id", c.revision_id);
  read(document, "last_modified", c.last_modified);
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

model::EventInvokeConfig event_invoke_from(const json& document) {
  model::EventInvokeConfig config;
  read(document, "on_success", config.on_success);
  read(document, "on_failure", config.on_failure);
  int64_t ms = 0;
  read(document, "last_modified_ms", ms);
  config.last_modified = WallTime(std::chrono::milliseconds(ms));
  if (document.contains("retries")) config.maximum_retry_attempts = document["retries"].get<int>();
  if (document.contains("age_s")) config.maximum_event_age_s = document["age_s"].get<int>();
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

model::FunctionUrl url_from(const json& document) {
  model::FunctionUrl url;
  document.at("id").get_to(url.id);
  read(document, "auth_type", url.auth_type);
  read(document, "invoke_mode", url.invoke_mode);
  int64_t created_ms = 0, modified_ms = 0;
  read(document, "created_ms", created_ms);
  read(document, "last_modified_ms", modified_ms);
  url.created = WallTime(std::chrono::milliseconds(created_ms));
  url.last_modified = WallTime(std::chrono::milliseconds(modified_ms));
  if (const auto found = document.find("cors"); found != document.end()) {
    auto& cors = url.cors.emplace();
    read(*found, "credentials", cors.allow_credentials);
    read(*found, "headers", cors.allow_headers);
    read(*found, "methods", cors.allow_methods);
    read(*found, "origins", cors.allow_origins);
    read(*found, "expose", cors.expose_headers);
    if (found->contains("max_age_s")) cors.max_age_s = found->at("max_age_s").get<int>();
  }
  return url;
}

// nlohmann's exceptions end here.
template <class T, class F>
Result<T> parsed(const std::string& text, F&& from_document) {
  try {
    return from_document(json::parse(text));
  } catch (const json::exception& e) {
    return Error{ErrorKind::kInternal, "DatabaseError",
                 std::string("not a function document: ") + e.what()};
  }
}

}  // namespace

std::string config_to_text(const FunctionConfig& config) { return dump(to_json(config)); }

std::string alias_to_text(const Alias& alias) {
  json document = {{"name", alias.name},
                   {"function_version", alias.function_version},
                   {"description", alias.description},
                   {"revision_id", alias.revision_id}};
  if (alias.additional_version) {
    document["additional_version"] = alias.additional_version->first;
    document["additional_weight"] = alias.additional_version->second;
  }
  return dump(document);
}

std::string function_to_text(const Function& function) {
  json document = {{"latest", to_json(*function.latest)},
                   {"tags", function.tags},
                   {"policies", function.policies},
                   {"policy_revisions", function.policy_revisions}};
  for (const auto& [qualifier, config] : function.provisioned)
    document["provisioned"][qualifier] = {{"requested", config.requested},
                                          {"last_modified", config.last_modified}};
  for (const auto& [qualifier, config] : function.event_invoke)
    document["event_invoke"][qualifier] = to_json(config);
  for (const auto& [qualifier, url] : function.urls) document["urls"][qualifier] = to_json(url);
  document["recursive_loop"] = function.recursive_loop;
  return dump(document);
}

Result<FunctionConfig> config_from_text(const std::string& text) {
  return parsed<FunctionConfig>(text, config_from);
}

Result<Alias> alias_from_text(const std::string& text) {
  return parsed<Alias>(text, [](const json& document) {
    Alias alias;
    document.at("name").get_to(alias.name);
    document.at("function_version").get_to(alias.function_version);
    read(document, "description", alias.description);
    read(document, "revision_id", alias.revision_id);
    if (document.contains("additional_version")) {
      alias.additional_version.emplace(document.at("additional_version").get<std::string>(),
                                       document.at("additional_weight").get<double>());
    }
    return alias;
  });
}

Result<Function> function_from_text(const std::string& text) {
  return parsed<Function>(text, [](const json& document) {
    Function function;
    function.latest = std::make_shared<const FunctionConfig>(config_from(document.at("latest")));
    read(document, "tags", function.tags);
    read(document, "policies", function.policies);
    read(document, "policy_revisions", function.policy_revisions);
    if (document.contains("provisioned"))
      for (const auto& [qualifier, config] : document["provisioned"].items()) {
        auto& provisioned = function.provisioned[qualifier];
        read(config, "requested", provisioned.requested);
        read(config, "last_modified", provisioned.last_modified);
      }
    if (document.contains("event_invoke"))
      for (const auto& [qualifier, config] : document["event_invoke"].items())
        function.event_invoke[qualifier] = event_invoke_from(config);
    if (document.contains("urls"))
      for (const auto& [qualifier, url] : document["urls"].items())
        function.urls[qualifier] = url_from(url);
    read(document, "recursive_loop", function.recursive_loop);
    return function;
  });
}

}  // namespace kiln::store
