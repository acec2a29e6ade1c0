#include "services/lambda/routes.h"

#include <array>

#include "services/lambda/settings.h"

namespace kiln::services {
namespace {

struct Pattern {
  std::string_view method;
  std::string_view path;  // "*": a variable; "**": the rest
  std::string_view name;
  Operation operation = nullptr;
  Preparation prepare = nullptr;
};

constexpr Pattern kPatterns[] = {
    {"POST", "2015-03-31/functions", "CreateFunction", create_function, prepare_create},
    {"GET", "2015-03-31/functions", "ListFunctions", list_functions},
    {"GET", "2015-03-31/functions/*", "GetFunction", get_function},
    {"DELETE", "2015-03-31/functions/*", "DeleteFunction", delete_function},
    {"GET", "2015-03-31/functions/*/configuration", "GetFunctionConfiguration",
     get_function_configuration},
    {"PUT", "2015-03-31/functions/*/configuration", "UpdateFunctionConfiguration",
     update_function_configuration, prepare_update_configuration},
    {"PUT", "2015-03-31/functions/*/code", "UpdateFunctionCode", update_function_code,
     prepare_update_code},
    {"POST", "2015-03-31/functions/*/versions", "PublishVersion", publish_version},
    {"GET", "2015-03-31/functions/*/versions", "ListVersionsByFunction", list_versions},
    {"POST", "2015-03-31/functions/*/aliases", "CreateAlias", create_alias},
    {"GET", "2015-03-31/functions/*/aliases", "ListAliases", list_aliases},
    {"GET", "2015-03-31/functions/*/aliases/*", "GetAlias", get_alias},
    {"PUT", "2015-03-31/functions/*/aliases/*", "UpdateAlias", update_alias},
    {"DELETE", "2015-03-31/functions/*/aliases/*", "DeleteAlias", delete_alias},
    {"POST", "2015-03-31/functions/*/policy", "AddPermission", add_permission},
    {"GET", "2015-03-31/functions/*/policy", "GetPolicy", get_policy},
    {"DELETE", "2015-03-31/functions/*/policy/*", "RemovePermission", remove_permission},
    {"POST", "2017-03-31/tags/**", "TagResource", tag_resource},
    {"GET", "2017-03-31/tags/**", "ListTags", list_tags},
    {"DELETE", "2017-03-31/tags/**", "UntagResource", untag_resource},
    {"GET", "2016-08-19/account-settings", "GetAccountSettings", get_account_settings},
    // These two are invocations (services/lambda/invoke.h); the others without a function are what
    // AWS has and Kiln has not: named in the error.
    {"POST", "2014-11-13/functions/*/invoke-async", "InvokeAsync"},
    {"POST", "2021-11-15/functions/*/response-streaming-invocations", "InvokeWithResponseStream"},
    {"PUT", "2017-10-31/functions/*/concurrency", "PutFunctionConcurrency",
     put_function_concurrency},
    {"DELETE", "2017-10-31/functions/*/concurrency", "DeleteFunctionConcurrency",
     delete_function_concurrency},
    {"GET", "2019-09-30/functions/*/concurrency", "GetFunctionConcurrency",
     get_function_concurrency},
    {"PUT", "2019-09-30/functions/*/provisioned-concurrency", "PutProvisionedConcurrencyConfig",
     put_provisioned_concurrency},
    {"GET", "2019-09-30/functions/*/provisioned-concurrency?List=ALL",
     "ListProvisionedConcurrencyConfigs", list_provisioned_concurrency},
    {"GET", "2019-09-30/functions/*/provisioned-concurrency", "GetProvisionedConcurrencyConfig",
     get_provisioned_concurrency},
    {"DELETE", "2019-09-30/functions/*/provisioned-concurrency",
     "DeleteProvisionedConcurrencyConfig", delete_provisioned_concurrency},
    {"PUT", "2019-09-25/functions/*/event-invoke-config", "PutFunctionEventInvokeConfig",
     put_event_invoke_config},
    {"POST", "2019-09-25/functions/*/event-invoke-config", "UpdateFunctionEventInvokeConfig",
     update_event_invoke_config},
    {"GET", "2019-09-25/functions/*/event-invoke-config", "GetFunctionEventInvokeConfig",
     get_event_invoke_config},
    {"DELETE", "2019-09-25/functions/*/event-invoke-config", "DeleteFunctionEventInvokeConfig",
     delete_event_invoke_config},
    {"GET", "2019-09-25/functions/*/event-invoke-config/list", "ListFunctionEventInvokeConfigs",
     list_event_invoke_configs},
    {"POST", "2015-03-31/event-source-mappings", "CreateEventSourceMapping"},
    {"GET", "2015-03-31/event-source-mappings", "ListEventSourceMappings"},
    {"GET", "2015-03-31/event-source-mappings/*", "GetEventSourceMapping"},
    {"PUT", "2015-03-31/event-source-mappings/*", "UpdateEventSourceMapping"},
    {"DELETE", "2015-03-31/event-source-mappings/*", "DeleteEventSourceMapping"},
    {"GET", "2018-10-31/layers?find=LayerVersion", "GetLayerVersionByArn",
     get_layer_version_by_arn},
    {"GET", "2018-10-31/layers", "ListLayers", list_layers},
    {"POST", "2018-10-31/layers/*/versions", "PublishLayerVersion", publish_layer_version,
     prepare_publish_layer},
    {"GET", "2018-10-31/layers/*/versions", "ListLayerVersions", list_layer_versions},
    {"GET", "2018-10-31/layers/*/versions/*", "GetLayerVersion", get_layer_version},
    {"DELETE", "2018-10-31/layers/*/versions/*", "DeleteLayerVersion", delete_layer_version},
    {"GET", "2018-10-31/layers/*/versions/*/policy", "GetLayerVersionPolicy",
     get_layer_version_policy},
    {"POST", "2018-10-31/layers/*/versions/*/policy", "AddLayerVersionPermission",
     add_layer_version_permission},
    {"DELETE", "2018-10-31/layers/*/versions/*/policy/*", "RemoveLayerVersionPermission",
     remove_layer_version_permission},
    {"POST", "2021-10-31/functions/*/url", "CreateFunctionUrlConfig", create_function_url},
    {"GET", "2021-10-31/functions/*/url", "GetFunctionUrlConfig", get_function_url},
    {"PUT", "2021-10-31/functions/*/url", "UpdateFunctionUrlConfig", update_function_url},
    {"DELETE", "2021-10-31/functions/*/url", "DeleteFunctionUrlConfig", delete_function_url},
    {"GET", "2021-10-31/functions/*/urls", "ListFunctionUrlConfigs", list_function_urls},
    {"POST", "2020-04-22/code-signing-configs", "CreateCodeSigningConfig"},
    {"GET", "2020-04-22/code-signing-configs", "ListCodeSigningConfigs"},
    {"GET", "2020-04-22/code-signing-configs/*", "GetCodeSigningConfig"},
    {"PUT", "2020-04-22/code-signing-configs/*", "UpdateCodeSigningConfig"},
    {"DELETE", "2020-04-22/code-signing-configs/*", "DeleteCodeSigningConfig"},
    {"GET", "2020-04-22/code-signing-configs/*/functions", "ListFunctionsByCodeSigningConfig"},
    {"GET", "2020-06-30/functions/*/code-signing-config", "GetFunctionCodeSigningConfig",
     get_function_code_signing},
    {"PUT", "2020-06-30/functions/*/code-signing-config", "PutFunctionCodeSigningConfig",
     put_function_code_signing},
    {"DELETE", "2020-06-30/functions/*/code-signing-config", "DeleteFunctionCodeSigningConfig",
     delete_function_code_signing},
    {"GET", "2021-07-20/functions/*/runtime-management-config", "GetRuntimeManagementConfig",
     get_runtime_management},
    {"PUT", "2021-07-20/functions/*/runtime-management-config", "PutRuntimeManagementConfig",
     put_runtime_management},
    {"GET", "2024-08-31/functions/*/recursion-config", "GetFunctionRecursionConfig",
     get_recursion_config},
    {"PUT", "2024-08-31/functions/*/recursion-config", "PutFunctionRecursionConfig",
     put_recursion_config},
};

// Fills the route's variables. False: the path is another one.
bool matches(std::string_view path, const std::vector<std::string>& segments, LambdaRoute& route) {
  std::array<std::string, 3> variables;
  size_t variable = 0, at = 0;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const auto part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (at >= segments.size()) return false;
    if (part == "**") {
      for (; at < segments.size(); ++at)
        variables[0] += (variables[0].empty() ? "" : "/") + segments[at];
      break;
    }
    if (part == "*") {
      if (variable < variables.size()) variables[variable++] = segments[at];
    } else if (part != segments[at]) {
      return false;
    }
    ++at;
  }
  if (at != segments.size()) return false;
  route.function = std::move(variables[0]);
  route.argument = std::move(variables[1]);
  route.detail = std::move(variables[2]);
  return true;
}

}  // namespace

LambdaRoute find_lambda_route(std::string_view method, const wire::Uri& uri) {
  for (const Pattern& pattern : kPatterns) {
    if (pattern.method != method) continue;
    std::string_view path = pattern.path;
    if (const size_t question = path.find('?'); question != std::string_view::npos) {
      const std::string_view parameter = path.substr(question + 1);
      path = path.substr(0, question);
      const size_t equals = parameter.find('=');
      if (uri.query.get(parameter.substr(0, equals)) != parameter.substr(equals + 1)) continue;
    }
    LambdaRoute route;
    if (!matches(path, uri.segments, route)) continue;
    route.name = pattern.name;
    route.names_function = path.find("/functions/*") != std::string_view::npos;
    route.operation = pattern.operation;
    route.prepare = pattern.prepare;
    return route;
  }
  return {};
}

}  // namespace kiln::services
