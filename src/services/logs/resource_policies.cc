// PutResourcePolicy, DescribeResourcePolicies, DeleteResourcePolicy: of the account, which AWS
// calls policies of scope ACCOUNT.
#include "logs/resource_policies.h"

#include <iterator>

#include "base/json_access.h"
#include "services/logs/errors.h"
#include "services/logs/input.h"
#include "services/logs/operations.h"
#include "services/logs/tokens.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kMaxResourcePolicies = 10;  // in a Region
constexpr size_t kMaxPolicyName = 512;
constexpr size_t kMaxPolicyDocument = 51'200;

std::string policy_name(LogsInput& in) {
  std::string name = in.bounded_text("policyName", 0, kMaxPolicyName);
  if (name.empty()) in.fail(constraint_error("null", "policyName", "Member must not be null"));
  return name;
}

// As AWS gives a principal back: a list of one is the one.
void simplify_principal(ordered_json& principal) {
  if (!principal.is_object()) return;
  for (auto& [kind, who] : principal.items())
    if (who.is_array() && who.size() == 1) {
      ordered_json one = who.front();
      who = std::move(one);
    }
}

// The document with the members that AWS adds and the order that it gives them.
std::string normalized(const std::string& text) {
  const auto given = json_parse<ordered_json>(text);
  if (!given.is_object()) return text;
  ordered_json document;
  document["Version"] = json_text(given, "Version", "2008-10-17");
  if (const auto id = given.find("Id"); id != given.end()) document["Id"] = *id;
  const auto found = given.find("Statement");
  ordered_json statements = ordered_json::array();
  if (found != given.end()) statements = found->is_array() ? *found : ordered_json{*found};
  for (ordered_json& statement : statements) {
    if (!statement.is_object()) continue;
    ordered_json sorted;
    for (const char* member : {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction",
                               "Resource", "NotResource", "Condition"})
      if (const auto value = statement.find(member); value != statement.end())
        sorted[member] = *value;
    for (const char* member : {"Principal", "NotPrincipal"})
      if (const auto principal = sorted.find(member); principal != sorted.end())
        simplify_principal(*principal);
    statement = std::move(sorted);
  }
  document["Statement"] = std::move(statements);
  return json_dump(document);
}

json policy_document(const std::string& name, const std::string& text, int64_t updated_ms) {
  return {{"policyName", name},
          {"policyDocument", text},
          {"lastUpdatedTime", updated_ms},
          {"policyScope", "ACCOUNT"}};
}

}  // namespace

Result<json> LogsOperations::put_resource_policy(LogsInput& in) {
  const std::string name = policy_name(in);
  logs::ResourcePolicy policy;
  policy.document = in.bounded_text("policyDocument", 0, kMaxPolicyDocument);
  policy.updated_ms = now_ms_;
  if (policy.document.empty())
    in.fail(constraint_error("null", "policyDocument", "Member must not be null"));
  if (!in.status()) return in.status().error();
  const json document = json_parse(policy.document);
  if (!document.is_object() || !document.contains("Statement"))
    return invalid_parameter_exception(
        "policyDocument is no policy: it must be a JSON object with a Statement.");
  const auto there = policies_.all(region_);
  if (there.size() >= kMaxResourcePolicies && !there.contains(name)) return limit_exceeded();
  json answer = policy_document(name, policy.document, policy.updated_ms);
  if (auto put = policies_.put(region_, name, std::move(policy)); !put) return put.error();
  return json{{"resourcePolicy", std::move(answer)}};
}

Result<json> LogsOperations::describe_resource_policies(LogsInput& in) {
  const int64_t limit = in.number("limit", kMaxDescribedLogs, 1, kMaxDescribedLogs);
  const std::string token = in.filled_text("nextToken");
  if (const std::string scope = in.text("policyScope"); !scope.empty() && scope != "ACCOUNT")
    in.fail(
        invalid_parameter_exception("Kiln has resource policies of policyScope ACCOUNT alone, "
                                    "not '" +
                                    scope + "'."));
  if (!in.status()) return in.status().error();
  const auto policies = policies_.all(region_);
  auto at = policies.begin();
  if (!token.empty()) {
    const auto place = parse_list_token(token);
    if (!place) return place.error();
    at = policies.upper_bound(place->name);
  }
  json list = json::array();
  json answer;
  for (; at != policies.end(); ++at) {
    const auto& [name, policy] = *at;
    list.push_back(policy_document(name, normalized(policy.document), policy.updated_ms));
    if (list.size() < static_cast<size_t>(limit) || std::next(at) == policies.end()) continue;
    answer["nextToken"] = list_token({0, name});
    break;
  }
  answer["resourcePolicies"] = std::move(list);
  return answer;
}

Result<json> LogsOperations::delete_resource_policy(LogsInput& in) {
  const std::string name = policy_name(in);
  if (!in.status()) return in.status().error();
  const auto erased = policies_.erase(region_, name);
  if (!erased) return erased.error();
  if (!*erased)
    return Error{ErrorKind::kNotFound, "ResourceNotFoundException",
                 "Policy with name [" + name + "] does not exist."};
  return json::object();
}

}  // namespace kiln::services
