// AddLayerVersionPermission, GetLayerVersionPolicy, RemoveLayerVersionPermission: policies of layer
// versions are kept and answered, not enforced.
#include <algorithm>

#include "base/arn.h"
#include "base/ascii.h"
#include "base/ids.h"
#include "base/json_access.h"
#include "services/lambda/fields.h"
#include "services/lambda/layers.h"
#include "services/lambda/policy_document.h"

namespace kiln::services {
namespace {

using ascii::is_digit;
using ascii::is_word;

// Members stand in the order in which AWS prints them.
using OrderedJson = nlohmann::ordered_json;

bool is_account(std::string_view text) {
  return text.size() == 12 && std::all_of(text.begin(), text.end(), is_digit);
}

// \d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root
bool is_principal(std::string_view text) {
  if (text == "*" || is_account(text)) return true;
  constexpr std::string_view kService = ":iam::", kRoot = ":root";
  if (!is_arn_of(text, "iam") || !text.ends_with(kRoot)) return false;
  const size_t at = text.find(kService);
  if (at == std::string_view::npos) return false;
  text.remove_prefix(at + kService.size());
  return text.size() == 12 + kRoot.size() && is_account(text.substr(0, 12));
}

Result<engine::LayerVersionPtr> find(const LambdaCall& call) {
  auto name = read_layer_name(call);
  if (!name) return name.error();
  return find_layer_version(
      call, "Layer version " + layer_arn(call, *name) + ":" + call.argument + " does not exist.");
}

Result<void> check_layer_revision(const LambdaCall& call, const engine::LayerVersion& version) {
  const auto given = call.query.find("RevisionId");
  if (!given || *given == version.policy_revision) return {};
  return Error{ErrorKind::kPreconditionFailed, "PreconditionFailedException",
               "The Revision Id provided does not match the latest Revision Id. Call the "
               "GetLayerPolicy API to retrieve the latest Revision Id"};
}

Result<std::string> store(LambdaCall& call, const engine::LayerVersion& before,
                          const OrderedJson& statements) {
  engine::LayerVersion next = before;
  next.statements = statements.empty() ? std::string() : json_dump(statements);
  next.policy_revision = statements.empty() ? std::string() : new_uuid();
  std::string revision = next.policy_revision;
  if (auto put = call.layers.put(std::move(next)); !put) return put.error();
  return revision;
}

}  // namespace

OperationResult add_layer_version_permission(LambdaCall& call) {
  Fields fields(call.body);
  const auto sid = fields.text("StatementId"), action = fields.text("Action"),
             principal = fields.text("Principal"), organization = fields.text("OrganizationId");
  if (auto read = fields.result(); !read) return read.error();
  model::Violations violations;
  if (!sid) violations.add_missing("statementId");
  if (!action) violations.add_missing("action");
  if (!principal) violations.add_missing("principal");
  constexpr const char* kPattern = "Member must satisfy regular expression pattern: ";
  if (sid) violations.check_length(*sid, "statementId", 1, 100);
  if (sid && !std::all_of(sid->begin(), sid->end(), is_word))
    violations.add(*sid, "statementId", std::string(kPattern) + "([a-zA-Z0-9-_]+)");
  if (action && *action != "lambda:GetLayerVersion")
    violations.add(*action, "action", std::string(kPattern) + "lambda:GetLayerVersion");
  if (principal && !is_principal(*principal))
    violations.add(*principal, "principal",
                   std::string(kPattern) + "\\d{12}|\\*|arn:(aws[a-zA-Z-]*):iam::\\d{12}:root");
  if (organization && !is_organization_id(*organization))
    violations.add(*organization, "organizationId", kPattern + std::string(kOrganizationPattern));
  if (const auto error = violations.error()) return *error;
  auto version = find(call);
  if (!version) return version.error();
  if (auto same = check_layer_revision(call, **version); !same) return same.error();
  OrderedJson statements = statements_in((*version)->statements);
  for (const OrderedJson& statement : statements)
    if (json_text(statement, "Sid") == *sid)
      return conflict("The statement id (" + *sid +
                      ") provided already exists. Please provide a new statement id, or remove the "
                      "existing statement.");
  OrderedJson statement = {
      {"Sid", *sid},
      {"Effect", "Allow"},
      {"Principal",
       *principal == "*" ? OrderedJson("*")
       : is_account(*principal)
           ? OrderedJson{{"AWS", global_arn_start("iam", call.region) + *principal + ":root"}}
           : OrderedJson{{"AWS", *principal}}},
      {"Action", *action},
      {"Resource", layer_arn(call, (*version)->name, (*version)->number)}};
  if (organization)
    statement["Condition"] = {{"StringEquals", {{"aws:PrincipalOrgID", *organization}}}};
  statements.push_back(statement);
  if (const size_t size = policy_text(statements).size(); size > kMaxPolicyBytes)
    return Error{ErrorKind::kInvalid, "PolicyLengthExceededException",
                 "The final policy size (" + std::to_string(size) + ") is bigger than the limit (" +
                     std::to_string(kMaxPolicyBytes) + ")."};
  auto revision = store(call, **version, statements);
  if (!revision) return revision.error();
  return json_response(201, {{"Statement", json_dump(statement)}, {"RevisionId", *revision}});
}

OperationResult get_layer_version_policy(LambdaCall& call) {
  auto version = find(call);
  if (!version) return version.error();
  const OrderedJson statements = statements_in((*version)->statements);
  if (statements.empty()) return not_found("No policy is associated with the given resource.");
  return json_response(
      200, {{"Policy", policy_text(statements)}, {"RevisionId", (*version)->policy_revision}});
}

OperationResult remove_layer_version_permission(LambdaCall& call) {
  model::Violations violations;
  check_statement_id(call.detail, PolicyOf::kLayerVersion, violations);
  if (auto fits = violations.result(); !fits) return fits.error();
  auto version = find(call);
  if (!version) return version.error();
  OrderedJson statements = statements_in((*version)->statements);
  const auto found = std::find_if(
      statements.begin(), statements.end(),
      [&](const OrderedJson& statement) { return json_text(statement, "Sid") == call.detail; });
  if (found == statements.end())
    return not_found("Statement " + call.detail + " is not found in resource policy.");
  if (auto same = check_layer_revision(call, **version); !same) return same.error();
  statements.erase(found);
  if (auto stored = store(call, **version, statements); !stored) return stored.error();
  return empty_response(204);
}

}  // namespace kiln::services
