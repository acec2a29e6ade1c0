#include "template/serverless_globals.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/near_word.h"
#include "template/node_reader.h"
#include "template/sam_node.h"
#include "template/template.h"

namespace kiln::cfn {
namespace {

// What the transform takes of each kind, in the order in which it names them.
using Names = std::vector<std::string>;
const std::map<std::string_view, Names>& global_sections() {
  static const std::map<std::string_view, Names> sections = {
      {"Api",
       {"Auth",
        "Name",
        "DefinitionUri",
        "CacheClusterEnabled",
        "CacheClusterSize",
        "MergeDefinitions",
        "Variables",
        "EndpointConfiguration",
        "MethodSettings",
        "BinaryMediaTypes",
        "MinimumCompressionSize",
        "Cors",
        "GatewayResponses",
        "AccessLogSetting",
        "CanarySetting",
        "TracingEnabled",
        "OpenApiVersion",
        "Domain",
        "AlwaysDeploy",
        "PropagateTags",
        "SecurityPolicy",
        "EndpointAccessMode"}},
      {"CapacityProvider",
       {"VpcConfig", "OperatorRole", "Tags", "InstanceRequirements", "ScalingConfig", "KmsKeyArn",
        "PropagateTags"}},
      {"Function",
       {"Handler",
        "Runtime",
        "CodeUri",
        "DeadLetterQueue",
        "Description",
        "MemorySize",
        "Timeout",
        "VpcConfig",
        "Environment",
        "Tags",
        "PropagateTags",
        "Tracing",
        "KmsKeyArn",
        "AutoPublishAlias",
        "AutoPublishAliasAllProperties",
        "Layers",
        "DeploymentPreference",
        "RolePath",
        "PermissionsBoundary",
        "ReservedConcurrentExecutions",
        "ProvisionedConcurrencyConfig",
        "AssumeRolePolicyDocument",
        "EventInvokeConfig",
        "FileSystemConfigs",
        "CodeSigningConfigArn",
        "Architectures",
        "SnapStart",
        "EphemeralStorage",
        "FunctionUrlConfig",
        "RuntimeManagementConfig",
        "LoggingConfig",
        "RecursiveLoop",
        "SourceKMSKeyArn",
        "TenancyConfig",
        "DurableConfig",
        "CapacityProviderConfig",
        "FunctionScalingConfig",
        "PublishToLatestPublished",
        "VersionDeletionPolicy"}},
      {"HttpApi",
       {"Auth", "AccessLogSettings", "StageVariables", "Tags", "CorsConfiguration",
        "DefaultRouteSettings", "Domain", "RouteSettings", "FailOnWarnings", "PropagateTags"}},
      {"LayerVersion", {"PublishLambdaVersion"}},
      {"SimpleTable", {"SSESpecification"}},
      {"StateMachine", {"PropagateTags"}},
      {"WebSocketApi",
       {"AccessLogSettings", "ApiKeySelectionExpression", "DefaultRouteSettings",
        "DisableExecuteApiEndpoint", "DisableSchemaValidation", "Domain", "FailOnWarnings",
        "IpAddressType", "PropagateTags", "RouteSelectionExpression", "RouteSettings",
        "StageVariables", "Tags"}}};
  return sections;
}

std::string must_be_among(const Names& names, const std::string& given) {
  std::string out = "Must be one of the following values - [";
  for (const std::string& name : names) out += (out.ends_with('[') ? "'" : ", '") + name + "'";
  const std::string near = near_word(given, names);
  return out + "]" + (near.empty() ? "" : "; did you mean " + near + "?");
}

// Globals are copied into every resource of the kind.
constexpr size_t kMaxCopiedBytes = 16 * kMaxTemplateBytes;

struct Size {
  size_t nodes = 0, bytes = 0;
};
void measure_section(const Node& node, Size& size) {
  ++size.nodes;
  size.bytes += node.text.size();
  for (const Node& item : node.list) measure_section(item, size);
  for (const Member& each : node.map) {
    size.bytes += each.name.size();
    measure_section(each.value, size);
  }
}

Node merged(const Node& global, const Node& own) {
  if (global.is_list() && own.is_list()) {
    Node out = own;
    out.list.insert(out.list.begin(), global.list.begin(), global.list.end());
    return out;
  }
  if (!global.is_map() || !own.is_map() || sam::is_function(global) || sam::is_function(own))
    return own;
  std::map<std::string_view, const Node*> globals;
  for (const Member& each : global.map) globals[each.name] = &each.value;
  Node out = own;
  for (Member& each : out.map) {
    const auto found = globals.find(each.name);
    if (found == globals.end()) continue;
    each.value = merged(*found->second, each.value);
    globals.erase(found);
  }
  for (const Member& each : global.map)
    if (globals.contains(each.name)) out.map.push_back(each);
  return out;
}

}  // namespace

SamGlobals::SamGlobals(const Node& root, size_t copies, std::vector<Problem>& problems)
    : problems_(problems) {
  const Node* globals = root.find("Globals");
  if (!globals || globals->kind == Node::Kind::kNull) return;
  const auto invalid = [&](Place place, const std::string& message) {
    problems_.push_back({"'Globals' section is invalid. " + message, place});
  };
  if (!globals->is_map()) {
    invalid(globals->place, "It must be a non-empty dictionary");
    return;
  }
  Size size;
  for (const Member& section : globals->map) {
    const auto known = global_sections().find(section.name);
    if (known == global_sections().end()) {
      Names all;
      for (const auto& [name, properties] : global_sections()) all.emplace_back(name);
      invalid(section.place,
              "'" + section.name + "' is not supported. " + must_be_among(all, section.name));
      continue;
    }
    if (section.value.kind == Node::Kind::kNull) continue;
    if (!section.value.is_map()) {
      invalid(section.place, "Value of " + section.name + " must be a dictionary");
      continue;
    }
    // One is enough: nobody reads the list of what there is twice.
    const auto& names = known->second;
    const auto unknown = std::find_if(
        section.value.map.begin(), section.value.map.end(), [&](const Member& property) {
          return std::find(names.begin(), names.end(), property.name) == names.end();
        });
    if (unknown != section.value.map.end())
      invalid(unknown->place, "'" + unknown->name + "' is not a supported property of '" +
                                  section.name + "'. " + must_be_among(names, unknown->name));
    measure_section(section.value, size);
    sections_[section.name] = section.value;
  }
  if (size.nodes * copies <= kMaxNodes && size.bytes * copies <= kMaxCopiedBytes) return;
  sections_.clear();
  invalid(globals->place, "It is too large for " + std::to_string(copies) +
                              " resources: together they would have more than " +
                              std::to_string(kMaxNodes) + " values or " +
                              std::to_string(kMaxCopiedBytes) + " bytes of it");
}

const Node* SamGlobals::of(const std::string& kind) const {
  const auto found = sections_.find(kind);
  return found == sections_.end() ? nullptr : &found->second;
}

Node SamGlobals::with(const std::string& id, const std::string& kind, const Node& properties,
                      const Node* ignored) {
  const Node* section = of(kind);
  if (!section) return properties;
  if (!sam::truthy(ignored)) return merged(*section, properties);
  if (ignored->is_text() && ignored->text == "*") return properties;
  const auto wrong = [&](const std::string& more) {
    problems_.push_back({"Resource with id [" + id + "] is invalid. Resource " + id +
                             " has invalid resource attribute 'IgnoreGlobals'" + more,
                         ignored->place});
    return properties;
  };
  if (!ignored->is_list()) return wrong(": it is '*' or a list of properties.");
  Node rest = *section;
  for (const Node& name : ignored->list) {
    if (!rest.find(name.text)) return wrong(" on item '" + name.text + "'.");
    sam::erase(rest, name.text);
  }
  return merged(rest, properties);
}

}  // namespace kiln::cfn
