// CreateAlias, GetAlias, ListAliases, UpdateAlias, DeleteAlias.
#include "base/ids.h"
#include "model/validation.h"
#include "services/lambda_call.h"
#include "services/lambda_documents.h"

namespace kiln::services {
namespace {

using nlohmann::json;

std::string arn_of(const LambdaCall& call, const Target& target, const std::string& qualifier) {
  return model::function_arn(target.ref.region, call.registry.account(), target.ref.name, qualifier);
}

// FunctionVersion, Description and RoutingConfig of the request, over what the alias has.
Result<void> read_alias(const LambdaCall& call, const Target& target, model::Alias& alias) {
  const json& body = call.body;
  for (const auto& [name, member] : {std::pair<const char*, std::string*>{"FunctionVersion", &alias.function_version},
                                     {"Description", &alias.description}})
    if (const auto it = body.find(name); it != body.end() && it->is_string()) *member = it->get<std::string>();
  std::map<std::string, double> weights;
  if (alias.additional_version) weights.insert(*alias.additional_version);
  if (const auto routing = body.find("RoutingConfig"); routing != body.end() && routing->is_object()) {
    weights.clear();
    if (const auto given = routing->find("AdditionalVersionWeights"); given != routing->end() && given->is_object())
      for (const auto& [version, weight] : given->items()) {
        if (!weight.is_number())
          return Error{ErrorKind::kInvalid, "SerializationException", "a weight in RoutingConfig is not a number"};
        weights[version] = weight.get<double>();
      }
  }
  if (auto valid = model::validate_alias_routing(alias.function_version, weights); !valid) return valid;
  const auto exists = [&](const std::string& version) {
    return model::resolve_qualifier(*target.function, version, 1.0) != nullptr &&
           !target.function->aliases.contains(version);
  };
  if (!exists(alias.function_version)) return not_found("Function not found: " + arn_of(call, target, alias.function_version));
  alias.additional_version.reset();
  for (const auto& [version, weight] : weights) {
    if (!exists(version)) return not_found("Function not found: " + arn_of(call, target, version));
    alias.additional_version = {version, weight};
  }
  return {};
}

OperationResult put_alias(LambdaCall& call, const Target& target, model::Alias alias, unsigned status) {
  alias.revision_id = new_uuid();
  auto next = std::make_shared<model::Function>(*target.function);
  const json document = alias_document(*next->latest, alias);
  next->aliases[alias.name] = std::move(alias);
  if (auto put = call.registry.put(next); !put) return put.error();
  return json_response(status, document);
}

std::string text(const json& body, const char* name) {
  const auto it = body.find(name);
  return it != body.end() && it->is_string() ? it->get<std::string>() : std::string();
}

}  // namespace

OperationResult create_alias(LambdaCall& call) {
  model::Alias alias;
  alias.name = text(call.body, "Name");
  if (auto valid = model::validate_alias_name(alias.name); !valid) return valid.error();
  auto ref = model::parse_function_ref(call.function, {}, call.region, call.registry.account(), model::Operation::kGet);
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function)
    return not_found("Function not found: " + model::function_arn(ref->region, call.registry.account(), ref->name,
                                                                  text(call.body, "FunctionVersion")));
  const Target target{std::move(*ref), std::move(*function)};
  if (auto read = read_alias(call, target, alias); !read) return read.error();
  if (target.function->aliases.contains(alias.name))
    return conflict("Alias already exists: " + arn_of(call, target, alias.name));
  return put_alias(call, target, std::move(alias), 201);
}

OperationResult get_alias(LambdaCall& call) {
  auto target = find_target(call, model::Operation::kGet);
  if (!target) return target.error();
  const auto alias = target->function->aliases.find(call.argument);
  if (alias == target->function->aliases.end())
    return not_found("Cannot find alias arn: " + arn_of(call, *target, call.argument));
  return json_response(200, alias_document(*target->function->latest, alias->second));
}

OperationResult list_aliases(LambdaCall& call) {
  auto target = find_target(call, model::Operation::kGet);
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
    const bool points_there = alias.function_version == version ||
                              (alias.additional_version && alias.additional_version->first == version);
    if (!version.empty() && !points_there) continue;
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
  auto target = find_target(call, model::Operation::kGet);
  if (!target) return target.error();
  const auto found = target->function->aliases.find(call.argument);
  if (found == target->function->aliases.end())
    return not_found("Alias not found: " + arn_of(call, *target, call.argument));
  model::Alias alias = found->second;
  if (auto same = check_revision(call.body, alias.revision_id); !same) return same.error();
  if (auto read = read_alias(call, *target, alias); !read) return read.error();
  return put_alias(call, *target, std::move(alias), 200);
}

OperationResult delete_alias(LambdaCall& call) {
  auto target = find_target(call, model::Operation::kGet);
  if (!target) return target.error();
  if (!target->function->aliases.contains(call.argument)) return empty_response(204);
  auto next = std::make_shared<model::Function>(*target->function);
  next->aliases.erase(call.argument);
  next->policies.erase(call.argument);
  next->policy_revisions.erase(call.argument);
  if (auto put = call.registry.put(next); !put) return put.error();
  return empty_response(204);
}

}  // namespace kiln::services
