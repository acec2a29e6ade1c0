// IAM's operations on the policies of roles: those that are in a role, and those attached to it.
#include <algorithm>

#include "services/iam/input.h"
#include "services/iam/operations.h"
#include "wire/fields.h"

namespace kiln::services {

using nlohmann::json;

namespace {

constexpr size_t kMaxInlineSize = 10'240;  // of all policies in a role, without blanks
constexpr size_t kMaxAttached = 20;        // what AWS's quota can be raised to

size_t length_of(const Role& role) {
  size_t sum = 0;
  for (const auto& [name, document] : role.inline_policies)
    sum += static_cast<size_t>(std::count_if(document.begin(), document.end(),
                                             [](unsigned char c) { return !std::isspace(c); }));
  return sum;
}

Error no_such_policy(const std::string& name) {
  return iam::no_such_entity("The role policy with name " + name + " cannot be found.");
}

}  // namespace

Result<json> IamOperations::put_role_policy(const json& input) {
  auto changed = role(input);
  if (!changed) return changed.error();
  const auto name = iam::name(input, "PolicyName", iam::kMaxPolicyName);
  if (!name) return name.error();
  const auto document = iam::policy_text(input, "PolicyDocument", kMaxInlineSize);
  if (!document) return document.error();
  changed->inline_policies[*name] = *document;
  if (length_of(*changed) > kMaxInlineSize)
    return Error{ErrorKind::kConflict, "LimitExceeded",
                 "Maximum policy size of " + std::to_string(kMaxInlineSize) +
                     " bytes exceeded for role " + changed->name};
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json::object();
}

Result<json> IamOperations::get_role_policy(const json& input) {
  const auto found = role(input);
  if (!found) return found.error();
  const auto name = iam::required(input, "PolicyName");
  if (!name) return name.error();
  const auto policy = found->inline_policies.find(*name);
  if (policy == found->inline_policies.end()) return no_such_policy(*name);
  return json{{"RoleName", found->name},
              {"PolicyName", *name},
              {"PolicyDocument", iam::encoded(policy->second)}};
}

Result<json> IamOperations::delete_role_policy(const json& input) {
  auto changed = role(input);
  if (!changed) return changed.error();
  const auto name = iam::required(input, "PolicyName");
  if (!name) return name.error();
  if (changed->inline_policies.erase(*name) == 0) return no_such_policy(*name);
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json::object();
}

Result<json> IamOperations::list_role_policies(const json& input) {
  const auto found = role(input);
  if (!found) return found.error();
  json names = json::array();
  for (const auto& [name, document] : found->inline_policies) names.push_back(name);
  return iam::page(input, names, "PolicyNames", "");
}

Result<json> IamOperations::attach_role_policy(const json& input) {
  auto changed = role(input);
  if (!changed) return changed.error();
  const auto arn = iam::required(input, "PolicyArn");
  if (!arn) return arn.error();
  if (!arn->starts_with("arn:")) return iam::validation("Invalid ARN:  Could not be parsed!");
  if (!is_aws_policy(*arn) && !book_.policy(*arn))
    return iam::no_such_entity("Policy " + *arn + " does not exist or is not attachable.");
  auto& all = changed->attached;
  if (std::find(all.begin(), all.end(), *arn) != all.end()) return json::object();
  if (all.size() == kMaxAttached)
    return Error{ErrorKind::kConflict, "LimitExceeded",
                 "Cannot exceed quota for PoliciesPerRole: " + std::to_string(kMaxAttached)};
  all.push_back(*arn);
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json::object();
}

Result<json> IamOperations::detach_role_policy(const json& input) {
  auto changed = role(input);
  if (!changed) return changed.error();
  const auto arn = iam::required(input, "PolicyArn");
  if (!arn) return arn.error();
  if (std::erase(changed->attached, *arn) == 0)
    return iam::no_such_entity("Policy " + *arn + " was not found.");
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json::object();
}

Result<json> IamOperations::list_attached_role_policies(const json& input) {
  const auto found = role(input);
  if (!found) return found.error();
  wire::Fields in(input);
  const std::string prefix = in.text("PathPrefix", "/");
  if (!in.status()) return in.status().error();
  std::vector<std::string> arns = found->attached;
  std::sort(arns.begin(), arns.end());
  json all = json::array();
  for (const std::string& arn : arns) {
    const size_t path = std::min(arn.find('/'), arn.size() - 1), name = arn.rfind('/') + 1;
    if (arn.substr(path, name - path).starts_with(prefix))
      all.push_back({{"PolicyName", arn.substr(name)}, {"PolicyArn", arn}});
  }
  return iam::page(input, all, "AttachedPolicies", "PolicyArn");
}

}  // namespace kiln::services
