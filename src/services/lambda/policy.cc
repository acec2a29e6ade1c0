// AddPermission, GetPolicy, RemovePermission: resource policies are kept and answered, not
// enforced.
#include <algorithm>
#include <array>

#include "base/arn.h"
#include "base/ascii.h"
#include "base/ids.h"
#include "base/json_access.h"
#include "model/destination.h"
#include "services/lambda/call.h"
#include "services/lambda/fields.h"
#include "services/lambda/policy_document.h"

namespace kiln::services {
namespace {

using ascii::is_digit;
using ascii::is_letter;
using ascii::is_word;
using ascii::made_of;

// Members stand in the order in which AWS prints them.
using OrderedJson = nlohmann::ordered_json;

// (lambda:[*]|lambda:[a-zA-Z]+|[*])
bool is_action(std::string_view text) {
  if (text == "*" || text == "lambda:*") return true;
  return text.starts_with("lambda:") && made_of(text.substr(7), is_letter);
}

// nullopt: not a principal.
std::optional<OrderedJson> principal_of(const std::string& given, const std::string& region) {
  if (given == "*") return OrderedJson("*");
  if (given.size() == 12 && made_of(given, is_digit))
    return OrderedJson{{"AWS", global_arn_start("iam", region) + given + ":root"}};
  if (given.starts_with("arn:")) return OrderedJson{{"AWS", given}};
  for (const char* domain : {".amazonaws.com", ".amazonaws.com.cn", ".amazon.com"}) {
    if (given.ends_with(domain)) return OrderedJson{{"Service", given}};
  }
  return std::nullopt;
}

OrderedJson condition_of(Fields& fields) {
  constexpr std::array<std::array<const char*, 3>, 5> kConditions = {{
      {"SourceAccount", "StringEquals", "AWS:SourceAccount"},
      {"FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"},
      {"EventSourceToken", "StringEquals", "lambda:EventSourceToken"},
      {"PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"},
      {"SourceArn", "ArnLike", "AWS:SourceArn"},
  }};
  OrderedJson condition = OrderedJson::object();
  for (const auto& [member, kind, key] : kConditions) {
    if (const auto value = fields.text(member)) condition[kind][key] = *value;
  }
  if (fields.says("InvokedViaFunctionUrl")) {
    condition["Bool"]["lambda:InvokedViaFunctionUrl"] =
        fields.flag("InvokedViaFunctionUrl") ? "true" : "false";
  }
  return condition;
}

// [a-zA-Z0-9._\-]+
bool is_event_source_token(std::string_view text) {
  constexpr size_t kMost = 256;
  return text.size() <= kMost && made_of(text, [](char c) { return is_word(c) || c == '.'; });
}

// \d{12}
bool is_account_id(std::string_view text) {
  constexpr size_t kDigits = 12;
  return text.size() == kDigits && made_of(text, is_digit);
}

bool is_url_auth_type(std::string_view text) { return text == "NONE" || text == "AWS_IAM"; }

struct MemberRule {
  const char* member;
  const char* name;  // in AWS's texts
  bool (*fits)(std::string_view);
  std::string_view constraint;
};

// Members that a condition is made of, before the function is looked for.
Result<void> check_condition_members(Fields& fields) {
  static const std::string kPattern = "Member must satisfy regular expression pattern: ";
  static const std::string kArn = kPattern + std::string(model::kServiceArnPattern);
  static const std::string kOrganization = kPattern + std::string(kOrganizationPattern);
  static const std::array<MemberRule, 5> kRules = {{
      {"SourceArn", "sourceArn", model::is_service_arn, kArn},
      {"SourceAccount", "sourceAccount", is_account_id,
       "Member must satisfy regular expression pattern: \\d{12}"},
      {"EventSourceToken", "eventSourceToken", is_event_source_token,
       "Member must satisfy regular expression pattern: [a-zA-Z0-9._\\-]+"},
      {"FunctionUrlAuthType", "functionUrlAuthType", is_url_auth_type,
       "Member must satisfy enum value set: [NONE, AWS_IAM]"},
      {"PrincipalOrgID", "principalOrgID", is_organization_id, kOrganization},
  }};
  model::Violations violations;
  for (const MemberRule& rule : kRules)
    if (const auto value = fields.text(rule.member); value && !rule.fits(*value))
      violations.add(*value, rule.name, rule.constraint);
  return violations.result();
}

// The function and the qualifier that the policy hangs on, which must exist.
Result<void> check_qualifier(const LambdaCall& call, const Target& target) {
  const std::string& qualifier = target.ref.qualifier;
  if (qualifier == model::kLatest) {
    return invalid_parameter("We currently do not support adding policies for $LATEST.");
  }
  if (qualifier.empty() || model::resolve_qualifier(*target.function, qualifier, 1.0)) return {};
  return not_found(
      (model::is_valid_alias_name(qualifier) ? "Cannot find alias arn: " : "Function not found: ") +
      target_arn(call, target.ref, qualifier));
}

// A policy is stored as the text of its list of statements.
OrderedJson statements_of(const model::Function& function, const std::string& qualifier) {
  const auto it = function.policies.find(qualifier);
  if (it == function.policies.end()) return OrderedJson::array();
  return statements_in(it->second);
}

Result<void> put_statements(LambdaCall& call, const Target& target, const OrderedJson& statements) {
  const std::string& qualifier = target.ref.qualifier;
  auto next = std::make_shared<model::Function>(*target.function);
  const std::string revision = new_uuid();
  if (statements.empty()) {
    next->policies.erase(qualifier);
    next->policy_revisions.erase(qualifier);
  } else {
    next->policies[qualifier] = json_dump(statements);
    next->policy_revisions[qualifier] = revision;
  }
  // The function or the alias has the same revision, until it changes otherwise.
  if (next->aliases.contains(qualifier)) {
    next->aliases[qualifier].revision_id = revision;
  } else if (qualifier.empty()) {
    auto latest = std::make_shared<model::FunctionConfig>(*next->latest);
    latest->revision_id = revision;
    next->latest = std::move(latest);
  }
  return call.registry.put(next);
}

// "" of what is not there.
std::string revision_of_qualifier(const model::Function& function, const std::string& qualifier) {
  if (qualifier.empty()) return function.latest->revision_id;
  if (const auto alias = function.aliases.find(qualifier); alias != function.aliases.end())
    return alias->second.revision_id;
  for (const auto& [number, version] : function.versions)
    if (std::to_string(number) == qualifier) return version->revision_id;
  return {};
}

// A policy has a revision of its own; the first one is made upon the function's, the alias's or
// the version's.
Result<void> check_policy_revision(const Target& target, const std::optional<std::string>& given) {
  if (!given) return {};
  const std::string& qualifier = target.ref.qualifier;
  const auto policy = target.function->policy_revisions.find(qualifier);
  const std::string revision = policy == target.function->policy_revisions.end()
                                   ? revision_of_qualifier(*target.function, qualifier)
                                   : policy->second;
  if (!revision.empty() && revision == *given) return {};
  return Error{ErrorKind::kPreconditionFailed, "PreconditionFailedException",
               "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy "
               "API to retrieve the "
               "latest Revision Id"};
}

Error pattern_violation(const std::string& value, const char* member, const char* pattern) {
  return validation_error(
      "1 validation error detected: Value '" + value + "' at '" + member +
      "' failed to satisfy constraint: Member must satisfy regular expression pattern: " + pattern);
}

}  // namespace

OperationResult add_permission(LambdaCall& call) {
  Fields fields(call.body);
  const auto sid = fields.text("StatementId"), action = fields.text("Action"),
             principal = fields.text("Principal");
  const auto revision = fields.text("RevisionId");
  const OrderedJson condition = condition_of(fields);
  if (auto read = fields.result(); !read) return read.error();
  if (!sid) return missing_member("statementId");
  if (!action) return missing_member("action");
  if (!principal) return missing_member("principal");
  if (sid->size() > 100) {
    return validation_error(
        "1 validation error detected: Value '" + *sid +
        "' at 'statementId' failed to satisfy constraint: Member must have length less than or "
        "equal to 100");
  }
  if (!made_of(*sid, is_word)) return pattern_violation(*sid, "statementId", "([a-zA-Z0-9-_]+)");
  if (!is_action(*action))
    return pattern_violation(*action, "action", "(lambda:[*]|lambda:[a-zA-Z]+|[*])");
  if (!made_of(*principal, [](char c) { return !ascii::is_blank(c); }))
    return pattern_violation(*principal, "principal", "[^\\s]+");
  if (auto fit = check_condition_members(fields); !fit) return fit.error();

  auto target = find_target(call);
  if (!target) {
    // The name alone: a policy's qualifier is looked for in the function.
    auto ref = model::parse_function_ref(call.function, call.query.get("Qualifier"), call.region,
                                         call.registry.account(), model::Operation::kGet);
    if (!ref) return ref.error();
    return not_found("Function not found: " + target_arn(call, *ref));
  }
  if (auto there = check_qualifier(call, *target); !there) return there.error();
  const auto who = principal_of(*principal, call.region);
  if (!who)
    return invalid_parameter(
        "The provided principal was invalid. Please check the principal and try again.");
  if (auto same = check_policy_revision(*target, revision); !same) return same.error();

  OrderedJson statements = statements_of(*target->function, target->ref.qualifier);
  for (const auto& statement : statements) {
    if (json_text(statement, "Sid") == *sid) {
      return conflict(
          "The statement id (" + *sid +
          ") provided already exists. Please provide a new statement id, or remove the existing "
          "statement.");
    }
  }
  OrderedJson statement = {{"Sid", *sid},
                           {"Effect", "Allow"},
                           {"Principal", *who},
                           {"Action", *action},
                           {"Resource", target_arn(call, target->ref, target->ref.qualifier)}};
  if (!condition.empty()) statement["Condition"] = condition;
  statements.push_back(statement);
  if (const size_t size = policy_text(statements).size(); size > kMaxPolicyBytes) {
    return Error{ErrorKind::kInvalid, "PolicyLengthExceededException",
                 "The final policy size (" + std::to_string(size) + ") is bigger than the limit (" +
                     std::to_string(kMaxPolicyBytes) + ")."};
  }
  if (auto put = put_statements(call, *target, statements); !put) return put.error();
  return json_response(201, {{"Statement", json_dump(statement)}});
}

OperationResult get_policy(LambdaCall& call) {
  auto ref = model::parse_function_ref(call.function, call.query.get("Qualifier"), call.region,
                                       call.registry.account(), model::Operation::kGet);
  if (!ref) return ref.error();
  const auto function = call.registry.find(ref->region, ref->name);
  const OrderedJson statements =
      function ? statements_of(**function, ref->qualifier) : OrderedJson::array();
  if (statements.empty()) return not_found("The resource you requested does not exist.");
  const auto revision = (*function)->policy_revisions.find(ref->qualifier);
  return json_response(
      200,
      {{"Policy", policy_text(statements)},
       {"RevisionId", revision == (*function)->policy_revisions.end() ? "" : revision->second}});
}

OperationResult remove_permission(LambdaCall& call) {
  model::Violations violations;
  check_statement_id(call.argument, PolicyOf::kFunction, violations);
  if (auto fits = violations.result(); !fits) return fits.error();
  auto ref = model::parse_function_ref(call.function, call.query.get("Qualifier"), call.region,
                                       call.registry.account(), model::Operation::kGet);
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function) return not_found("No policy found for: " + target_arn(call, *ref, ref->qualifier));
  const Target target{std::move(*ref), std::move(*function)};
  if (auto there = check_qualifier(call, target); !there) return there.error();
  OrderedJson statements = statements_of(*target.function, target.ref.qualifier);
  if (statements.empty()) return not_found("No policy is associated with the given resource.");
  std::optional<std::string> revision;
  if (const auto given = call.query.find("RevisionId")) revision = std::string(*given);
  if (auto same = check_policy_revision(target, revision); !same) return same.error();
  const auto found =
      std::find_if(statements.begin(), statements.end(), [&call](const OrderedJson& statement) {
        return json_text(statement, "Sid") == call.argument;
      });
  if (found == statements.end()) {
    return not_found("Statement " + call.argument + " is not found in resource policy.");
  }
  statements.erase(found);
  if (auto put = put_statements(call, target, statements); !put) return put.error();
  return empty_response(204);
}

}  // namespace kiln::services
