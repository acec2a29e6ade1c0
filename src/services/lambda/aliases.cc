// CreateAlias, GetAlias, ListAliases, UpdateAlias, DeleteAlias.
#include "base/ids.h"
#include "model/snapshot_state.h"
#include "model/validation.h"
#include "services/lambda/call.h"
#include "services/lambda/documents.h"
#include "services/lambda/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

// FunctionVersion, Description and RoutingConfig of the request, over what the alias has.
// `weights`: by version.
Result<void> read_members(const LambdaCall& call, model::Alias& alias,
                          std::map<std::string, double>& weights) {
  Fields fields(call.body);
  if (auto version = fields.text("FunctionVersion")) alias.function_version = std::move(*version);
  if (auto description = fields.text("Description")) alias.description = std::move(*description);
  if (alias.additional_version) weights.insert(*alias.additional_version);
  if (const json* routing = fields.object("RoutingConfig")) {
    // An empty map, or none, ends the routing.
    Fields members(*routing);
    weights =
        members.number_map("AdditionalVersionWeights").value_or(std::map<std::string, double>());
    if (auto read = members.result(); !read) return read;
  }
  if (auto read = fields.result(); !read) return read;
  if (auto valid = model::validate_description(alias.description); !valid) return valid;
  return model::validate_alias_routing(alias.function_version, weights);
}

// AWS looks at each member before it looks for the function.
Result<void> check_members_first(const LambdaCall& call, model::Alias alias) {
  std::map<std::string, double> weights;
  auto read = read_members(call, alias, weights);
  return read || is_of_one_member(read.error()) ? read : Result<void>();
}

Result<void> read_alias(const LambdaCall& call, const Target& target, model::Alias& alias) {
  std::map<std::string, double> weights;
  if (auto read = read_members(call, alias, weights); !read) return read;
  const auto missing = [&](const std::string& version) {
    return model::resolve_qualifier(*target.function, version, 1.0) == nullptr;
  };
  if (missing(alias.function_version)) {
    return not_found("Function not found: " + target_arn(call, target.ref, alias.function_version));
  }
  alias.additional_version.reset();
  for (const auto& [version, weight] : weights) {
    if (missing(version))
      return not_found("Function not found: " + target_arn(call, target.ref, version));
    alias.additional_version = {version, weight};
  }
  return {};
}

// Provisioned concurrency moves with its alias: to a version that is published, has none, and no
// snapshot.
Result<void> check_provisioned(const model::Function& function, const std::string& alias) {
  if (!function.provisioned.contains(alias)) return {};
  const std::string version = model::provisioned_version(function, alias);
  if (version == model::kLatest)
    return invalid_parameter(
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
  if (const auto config = model::resolve_qualifier(function, version, 1);
      config && model::uses_snapshots(*config))
    return invalid_parameter(
        "Provisioned concurrency is not supported for SnapStart enabled functions.");
  for (const auto& [other, config] : function.provisioned)
    if (other != alias && model::provisioned_version(function, other) == version)
      return conflict(
          "Alias can't be used for Provisioned Concurrency configuration on an already "
          "Provisioned version");
  return {};
}

OperationResult put_alias(LambdaCall& call, const Target& target, model::Alias alias,
                          unsigned status) {
  alias.revision_id = new_uuid();
  auto next = std::make_shared<model::Function>(*target.function);
  const json document = alias_document(*next->latest, alias);
  const std::string name = alias.name;
  next->aliases[name] = std::move(alias);
  if (auto possible = check_provisioned(*next, name); !possible) return possible.error();
  if (auto put = call.registry.put(next); !put) return put.error();
  return json_response(status, document);
}

}  // namespace

bool points_at(const model::Alias& alias, const std::string& version) {
  return alias.function_version == version ||
         (alias.additional_version && alias.additional_version->first == version);
}

OperationResult create_alias(LambdaCall& call) {
  Fields fields(call.body);
  model::Alias alias;
  alias.name = fields.text("Name").value_or("");
  const auto version = fields.text("FunctionVersion");
  if (auto read = fields.result(); !read) return read.error();
  if (auto valid = model::validate_alias_name(alias.name); !valid) return valid.error();
  if (auto valid = check_members_first(call, alias); !valid) return valid.error();
  auto ref = model::parse_function_ref(call.function, {}, call.region, call.registry.account(),
                                       model::Operation::kGet);
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function)
    return not_found("Function not found: " + target_arn(call, *ref, version.value_or("")));
  const Target target{std::move(*ref), std::move(*function)};
  if (auto read = read_alias(call, target, alias); !read) return read.error();
  if (target.function->aliases.contains(alias.name)) {
    return conflict("Alias already exists: " + target_arn(call, target.ref, alias.name));
  }
  return put_alias(call, target, std::move(alias), 201);
}

OperationResult get_alias(LambdaCall& call) {
  if (auto valid = model::validate_alias_name(call.argument); !valid) return valid.error();
  auto target = find_target(call);
  if (!target) return target.error();
  const auto alias = target->function->aliases.find(call.argument);
  if (alias == target->function->aliases.end())
    return not_found("Cannot find alias arn: " + target_arn(call, target->ref, call.argument));
  return json_response(200, alias_document(*target->function->latest, alias->second));
}

OperationResult list_aliases(LambdaCall& call) {
  auto target = find_target(call);
  if (!target) return target.error();
  auto page = read_page(call);
  if (!page) return page.error();
  const std::string version(call.query.get("FunctionVersion"));
  json list = json::array();
  json document;
  std::string last;
  const auto& aliases = target->function->aliases;
  for (auto it = aliases.upper_bound(page->after); it != aliases.end(); ++it) {
    const model::Alias& alias = it->second;
    if (!version.empty() && !points_at(alias, version)) continue;
    if (list.size() == page->max_items) {
      document["NextMarker"] = make_marker(last);
      break;
    }
    list.push_back(alias_document(*target->function->latest, alias));
    last = alias.name;
  }
  document["Aliases"] = std::move(list);
  return json_response(200, document);
}

OperationResult update_alias(LambdaCall& call) {
  if (auto valid = model::validate_alias_name(call.argument); !valid) return valid.error();
  model::Alias any;
  any.function_version = model::kLatest;  // where the request names none
  if (auto valid = check_members_first(call, any); !valid) return valid.error();
  auto target = find_target(call);
  if (!target) return target.error();
  const auto found = target->function->aliases.find(call.argument);
  if (found == target->function->aliases.end())
    return not_found("Alias not found: " + target_arn(call, target->ref, call.argument));
  model::Alias alias = found->second;
  Fields fields(call.body);
  if (auto same = check_revision(fields.text("RevisionId"), alias.revision_id); !same)
    return same.error();
  if (auto read = fields.result(); !read) return read.error();
  if (auto read = read_alias(call, *target, alias); !read) return read.error();
  return put_alias(call, *target, std::move(alias), 200);
}

OperationResult delete_alias(LambdaCall& call) {
  if (auto valid = model::validate_alias_name(call.argument); !valid) return valid.error();
  auto target = find_target(call);
  if (!target) return target.error();
  if (!target->function->aliases.contains(call.argument)) return empty_response(204);
  auto next = std::make_shared<model::Function>(*target->function);
  next->aliases.erase(call.argument);
  next->policies.erase(call.argument);
  next->policy_revisions.erase(call.argument);
  next->provisioned.erase(call.argument);
  next->event_invoke.erase(call.argument);
  // The URL stays, as on AWS: it answers 403 until the alias is there again.
  if (auto put = call.registry.put(next); !put) return put.error();
  return empty_response(204);
}

}  // namespace kiln::services
