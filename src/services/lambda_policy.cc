// AddPermission, GetPolicy, RemovePermission: resource policies are kept and answered, not enforced.
#include <algorithm>

#include "base/ids.h"
#include "services/lambda_call.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr size_t kMaxPolicyBytes = 20 * 1024;

std::string text(const json& body, const char* name) {
  const auto it = body.find(name);
  return it != body.end() && it->is_string() ? it->get<std::string>() : std::string();
}

bool is_statement_id(const std::string& id) {
  return !id.empty() && id.size() <= 100 &&
         std::all_of(id.begin(), id.end(), [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

bool is_account(const std::string& s) {
  return s.size() == 12 && std::all_of(s.begin(), s.end(), [](unsigned char c) { return std::isdigit(c); });
}

// nullopt: not a principal.
std::optional<json> principal_of(const std::string& given) {
  if (given == "*") return json("*");
  if (is_account(given)) return json{{"AWS", "arn:aws:iam::" + given + ":root"}};
  if (given.starts_with("arn:")) return json{{"AWS", given}};
  if (given.ends_with(".amazonaws.com") || given.ends_with(".amazon.com")) return json{{"Service", given}};
  return std::nullopt;
}

json condition_of(const json& body) {
  json condition = json::object();
  const auto equals = [&](const char* member, const char* key) {
    if (const std::string value = text(body, member); !value.empty()) condition["StringEquals"][key] = value;
  };
  equals("SourceAccount", "AWS:SourceAccount");
  equals("EventSourceToken", "lambda:EventSourceToken");
  equals("FunctionUrlAuthType", "lambda:FunctionUrlAuthType");
  equals("PrincipalOrgID", "aws:PrincipalOrgID");
  if (const std::string arn = text(body, "SourceArn"); !arn.empty()) condition["ArnLike"]["AWS:SourceArn"] = arn;
  return condition;
}

// The function and the qualifier that the policy hangs on, which must exist.
Result<Target> find_policy_target(LambdaCall& call) {
  auto target = find_target(call, model::Operation::kGet);
  if (!target) return target;
  const std::string& qualifier = target->ref.qualifier;
  if (qualifier == model::kLatest) return invalid_parameter("We currently do not support adding policies for $LATEST.");
  if (qualifier.empty() || model::resolve_qualifier(*target->function, qualifier, 1.0)) return target;
  const std::string arn =
      model::function_arn(target->ref.region, call.registry.account(), target->ref.name, qualifier);
  const bool alias_like = model::is_valid_alias_name(qualifier);
  return not_found((alias_like ? "Cannot find alias arn: " : "Function not found: ") + arn);
}

// A policy is stored as the text of its list of statements.
json statements_of(const model::Function& function, const std::string& qualifier) {
  const auto it = function.policies.find(qualifier);
  return it == function.policies.end() ? json::array() : json::parse(it->second);
}

Result<void> put_statements(LambdaCall& call, const Target& target, const json& statements) {
  const std::string& qualifier = target.ref.qualifier;
  auto next = std::make_shared<model::Function>(*target.function);
  if (statements.empty()) {
    next->policies.erase(qualifier);
    next->policy_revisions.erase(qualifier);
  } else {
    next->policies[qualifier] = statements.dump();
    next->policy_revisions[qualifier] = new_uuid();
  }
  return call.registry.put(next);
}

// RevisionId of a policy call: the policy's own, or, before there is one, the function's.
Result<void> check_policy_revision(const Target& target, std::string_view given) {
  if (given.empty()) return {};
  const auto policy = target.function->policy_revisions.find(target.ref.qualifier);
  const bool matches = (policy != target.function->policy_revisions.end() && policy->second == given) ||
                       (target.ref.qualifier.empty() && target.function->latest->revision_id == given);
  if (matches) return {};
  const char* where = target.ref.qualifier.empty() ? "GetFunction/GetAlias" : "GetPolicy";
  return Error{ErrorKind::kPreconditionFailed, "PreconditionFailedException",
               std::string("The Revision Id provided does not match the latest Revision Id. Call the ") + where +
                   " API to retrieve the latest Revision Id"};
}

}  // namespace

OperationResult add_permission(LambdaCall& call) {
  const json& body = call.body;
  const std::string sid = text(body, "StatementId");
  if (!is_statement_id(sid))
    return validation_error("1 validation error detected: Value '" + sid +
                            "' at 'statementId' failed to satisfy constraint: Member must satisfy regular expression "
                            "pattern: ([a-zA-Z0-9-_]+)");
  auto target = find_policy_target(call);
  if (!target) return target.error();
  const auto principal = principal_of(text(body, "Principal"));
  if (!principal)
    return invalid_parameter("The provided principal was invalid. Please check the principal and try again.");
  if (auto same = check_policy_revision(*target, text(body, "RevisionId")); !same) return same.error();
  json statements = statements_of(*target->function, target->ref.qualifier);
  for (const auto& s : statements)
    if (s["Sid"] == sid)
      return conflict("The statement id (" + sid +
                      ") provided already exists. Please provide a new statement id, or remove the existing statement.");
  nlohmann::ordered_json statement = {
      {"Sid", sid},
      {"Effect", "Allow"},
      {"Principal", *principal},
      {"Action", text(body, "Action")},
      {"Resource", model::function_arn(target->ref.region, call.registry.account(), target->ref.name,
                                       target->ref.qualifier)}};
  if (json condition = condition_of(body); !condition.empty()) statement["Condition"] = condition;
  statements.push_back(json(statement));
  if (statements.dump().size() > kMaxPolicyBytes)
    return Error{ErrorKind::kInvalid, "PolicyLengthExceededException",
                 "The final policy size (" + std::to_string(statements.dump().size()) +
                     ") is bigger than the limit (" + std::to_string(kMaxPolicyBytes) + ")."};
  if (auto put = put_statements(call, *target, statements); !put) return put.error();
  return json_response(201, {{"Statement", statement.dump()}});
}

OperationResult get_policy(LambdaCall& call) {
  auto target = find_target(call, model::Operation::kGet);
  if (!target) return target.error();
  const json statements = statements_of(*target->function, target->ref.qualifier);
  if (statements.empty()) return not_found("The resource you requested does not exist.");
  const nlohmann::ordered_json policy = {{"Version", "2012-10-17"}, {"Id", "default"}, {"Statement", statements}};
  return json_response(200, {{"Policy", policy.dump()},
                             {"RevisionId", target->function->policy_revisions.at(target->ref.qualifier)}});
}

OperationResult remove_permission(LambdaCall& call) {
  auto ref = model::parse_function_ref(call.function, call.query.get("Qualifier"), call.region,
                                       call.registry.account(), model::Operation::kGet);
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function)
    return not_found("No policy found for: " + model::function_arn(ref->region, call.registry.account(), ref->name));
  const Target target{std::move(*ref), std::move(*function)};
  json statements = statements_of(*target.function, target.ref.qualifier);
  if (statements.empty()) return not_found("No policy is associated with the given resource.");
  if (auto same = check_policy_revision(target, call.query.get("RevisionId")); !same) return same.error();
  const auto found = std::find_if(statements.begin(), statements.end(),
                                  [&call](const json& s) { return s["Sid"] == call.argument; });
  if (found == statements.end())
    return not_found("Statement " + call.argument + " is not found in resource policy.");
  statements.erase(found);
  if (auto put = put_statements(call, target, statements); !put) return put.error();
  return empty_response(204);
}

}  // namespace kiln::services
