// AddLayerVersionPermission, GetLayerVersionPolicy, RemoveLayerVersionPermission: policies of layer
// versions are kept and answered, not enforced.
#include <algorithm>

#include "base/ids.h"
#include "model/violations.h"
#include "services/lambda_fields.h"
#include "services/lambda_layers.h"

namespace kiln::services {
namespace {

// Members stand in the order in which AWS prints them.
using Json = nlohmann::ordered_json;

constexpr size_t kMaxPolicyBytes = 20'480;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

bool is_account(std::string_view text) {
  return text.size() == 12 && std::all_of(text.begin(), text.end(), is_digit);
}

// \d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root
bool is_principal(std::string_view text) {
  if (text == "*" || is_account(text)) return true;
  constexpr std::string_view kArn = "arn:aws:iam::", kRoot = ":root";
  return text.starts_with(kArn) && text.ends_with(kRoot) &&
         text.size() == kArn.size() + 12 + kRoot.size() && is_account(text.substr(kArn.size(), 12));
}

Json statements_of(const engine::LayerVersion& version) {
  Json statements = Json::parse(version.statements, nullptr, false);
  return statements.is_array() ? statements : Json::array();
}

std::string text_of(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string policy_text(const Json& statements) {
  return text_of(Json{{"Version", "2012-10-17"}, {"Id", "default"}, {"Statement", statements}});
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
                          const Json& statements) {
  engine::LayerVersion next = before;
  next.statements = statements.empty() ? std::string() : text_of(statements);
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
  if (const auto error = violations.error()) return *error;
  auto version = find(call);
  if (!version) return version.error();
  if (auto same = check_layer_revision(call, **version); !same) return same.error();
  Json statements = statements_of(**version);
  for (const Json& statement : statements)
    if (statement.value("Sid", "") == *sid)
      return conflict("The statement id (" + *sid +
                      ") provided already exists. Please provide a new statement id, or remove the "
                      "existing statement.");
  Json statement = {
      {"Sid", *sid},
      {"Effect", "Allow"},
      {"Principal", *principal == "*"        ? Json("*")
                    : is_account(*principal) ? Json{{"AWS", "arn:aws:iam::" + *principal + ":root"}}
                                             : Json{{"AWS", *principal}}},
      {"Action", *action},
      {"Resource", layer_arn(call, (*version)->name, (*version)->number)}};
  if (organization && !organization->empty())
    statement["Condition"] = {{"StringEquals", {{"aws:PrincipalOrgID", *organization}}}};
  statements.push_back(statement);
  if (const size_t size = policy_text(statements).size(); size > kMaxPolicyBytes)
    return Error{ErrorKind::kInvalid, "PolicyLengthExceededException",
                 "The final policy size (" + std::to_string(size) + ") is bigger than the limit (" +
                     std::to_string(kMaxPolicyBytes) + ")."};
  auto revision = store(call, **version, statements);
  if (!revision) return revision.error();
  return json_response(201, {{"Statement", text_of(statement)}, {"RevisionId", *revision}});
}

OperationResult get_layer_version_policy(LambdaCall& call) {
  auto version = find(call);
  if (!version) return version.error();
  const Json statements = statements_of(**version);
  if (statements.empty()) return not_found("No policy is associated with the given resource.");
  return json_response(
      200, {{"Policy", policy_text(statements)}, {"RevisionId", (*version)->policy_revision}});
}

OperationResult remove_layer_version_permission(LambdaCall& call) {
  auto version = find(call);
  if (!version) return version.error();
  Json statements = statements_of(**version);
  const auto found = std::find_if(statements.begin(), statements.end(), [&](const Json& statement) {
    return statement.value("Sid", "") == call.detail;
  });
  if (found == statements.end())
    return not_found("Statement " + call.detail + " is not found in resource policy.");
  if (auto same = check_layer_revision(call, **version); !same) return same.error();
  statements.erase(found);
  if (auto stored = store(call, **version, statements); !stored) return stored.error();
  return empty_response(204);
}

}  // namespace kiln::services
