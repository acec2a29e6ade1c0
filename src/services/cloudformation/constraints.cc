#include "services/cloudformation/constraints.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/ascii.h"
#include "base/characters.h"
#include "base/json_access.h"
#include "base/word_list.h"
#include "model/violations.h"
#include "stack/validation_error.h"

namespace kiln::services {
namespace {

using ascii::is_alnum;
using ascii::is_letter;
using nlohmann::json;

constexpr size_t kAnyLength = std::numeric_limits<size_t>::max();

bool is_hyphenated(std::string_view text) {
  return ascii::all(text, [](char c) { return is_alnum(c) || c == '-'; });
}

// [a-zA-Z][-a-zA-Z0-9]*
bool is_name(std::string_view text) {
  return !text.empty() && is_letter(text.front()) && is_hyphenated(text);
}

// [a-zA-Z0-9][-a-zA-Z0-9]*
bool is_token(std::string_view text) {
  return !text.empty() && is_alnum(text.front()) && is_hyphenated(text);
}

// "arn:" and what ids of stacks and change sets are made of.
bool is_id(std::string_view text) {
  return text.starts_with("arn:") && ascii::all(text, [](char c) {
           return is_alnum(c) || std::string_view("-:/._+").find(c) != std::string_view::npos;
         });
}

bool is_name_or_id(std::string_view text) { return is_name(text) || is_id(text); }

constexpr const char* kName = "[a-zA-Z][-a-zA-Z0-9]*";
constexpr const char* kToken = "[a-zA-Z0-9][-a-zA-Z0-9]*";
constexpr const char* kStackNameOrId = "[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*";
constexpr const char* kChangeSetNameOrId = "[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/]*";
// In the order in which AWS prints them.
constexpr const char* kCapabilities =
    "CAPABILITY_AUTO_EXPAND, CAPABILITY_NAMED_IAM, CAPABILITY_IAM";
constexpr const char* kOnFailure = "DO_NOTHING, DELETE, ROLLBACK";
constexpr const char* kStatuses =
    "CREATE_IN_PROGRESS, CREATE_FAILED, CREATE_COMPLETE, ROLLBACK_IN_PROGRESS, ROLLBACK_FAILED, "
    "ROLLBACK_COMPLETE, DELETE_IN_PROGRESS, DELETE_FAILED, DELETE_COMPLETE, UPDATE_IN_PROGRESS, "
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS, UPDATE_COMPLETE, UPDATE_FAILED, "
    "UPDATE_ROLLBACK_IN_PROGRESS, UPDATE_ROLLBACK_FAILED, "
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS, UPDATE_ROLLBACK_COMPLETE, REVIEW_IN_PROGRESS, "
    "IMPORT_IN_PROGRESS, IMPORT_COMPLETE, IMPORT_ROLLBACK_IN_PROGRESS, IMPORT_ROLLBACK_FAILED, "
    "IMPORT_ROLLBACK_COMPLETE";

enum class Of { kText, kList, kEachText };  // kEachText: of a list
enum class Need { kOptional, kRequired };

struct Rule {
  std::string_view member;      // "Tags[].Key": of each structure of a list; "A.B": of a structure
  std::string_view operations;  // "": all that have the member
  Of of = Of::kText;
  size_t least = 0, most = kAnyLength;  // characters of a text, elements of a list
  const char* pattern = nullptr;
  bool (*fits)(std::string_view) = nullptr;
  const char* allowed = nullptr;  // with ", " between them
  Need need = Need::kOptional;
};

constexpr Rule kRules[] = {
    // Recorded: also of operations whose models say nothing of it.
    {.member = "StackName",
     .operations = " CancelUpdateStack ContinueUpdateRollback CreateChangeSet DeleteStack"
                   " DescribeStackEvents DescribeStackResource ListChangeSets ListStackResources"
                   " UpdateStack UpdateTerminationProtection ",
     .least = 1,
     .pattern = kStackNameOrId,
     .fits = is_name_or_id,
     .need = Need::kRequired},
    {.member = "StackName",
     .operations = " CreateStack ",
     .least = 1,
     .most = 128,
     .pattern = kStackNameOrId,
     .fits = is_name_or_id,
     .need = Need::kRequired},
    {.member = "StackName",
     .operations = " DeleteChangeSet DescribeChangeSet DescribeStackResources DescribeStacks"
                   " ExecuteChangeSet GetTemplate GetTemplateSummary ",
     .least = 1,
     .pattern = kStackNameOrId,
     .fits = is_name_or_id},
    {.member = "ChangeSetName",
     .operations = " CreateChangeSet ",
     .least = 1,
     .most = 128,
     .pattern = kName,
     .fits = is_name,
     .need = Need::kRequired},
    {.member = "ChangeSetName",
     .operations = " DeleteChangeSet DescribeChangeSet ExecuteChangeSet ",
     .least = 1,
     .most = 1600,
     .pattern = kChangeSetNameOrId,
     .fits = is_name_or_id,
     .need = Need::kRequired},
    {.member = "ChangeSetName",
     .operations = " GetTemplate ",
     .least = 1,
     .most = 1600,
     .pattern = kChangeSetNameOrId,
     .fits = is_name_or_id},
    {.member = "ClientRequestToken",
     .operations = "",
     .least = 1,
     .most = 128,
     .pattern = kToken,
     .fits = is_token},
    {.member = "LogicalResourceId",
     .operations = " DescribeStackResource ",
     .need = Need::kRequired},
    {.member = "ExportName", .operations = " ListImports ", .need = Need::kRequired},
    {.member = "EnableTerminationProtection",
     .operations = " UpdateTerminationProtection ",
     .need = Need::kRequired},
    {.member = "ClientToken", .operations = "", .least = 1, .most = 128},
    {.member = "Description", .operations = "", .least = 1, .most = 1024},
    {.member = "NextToken", .operations = "", .least = 1, .most = 1024},
    {.member = "RoleARN", .operations = "", .least = 20, .most = 2048},
    {.member = "TemplateBody", .operations = "", .least = 1},
    {.member = "TemplateURL", .operations = "", .least = 1, .most = 5120},
    {.member = "StackPolicyBody", .operations = "", .least = 1, .most = 16'384},
    {.member = "StackPolicyURL", .operations = "", .least = 1, .most = 5120},
    {.member = "NotificationARNs", .operations = "", .of = Of::kList, .most = 5},
    {.member = "ResourceTypes", .operations = "", .of = Of::kEachText, .least = 1, .most = 256},
    {.member = "Tags", .operations = "", .of = Of::kList, .most = 50},
    {.member = "Tags[].Key", .operations = "", .least = 1, .most = 128, .need = Need::kRequired},
    {.member = "Tags[].Value", .operations = "", .least = 1, .most = 256, .need = Need::kRequired},
    {.member = "Capabilities", .operations = "", .of = Of::kEachText, .allowed = kCapabilities},
    {.member = "StackStatusFilter", .operations = "", .of = Of::kEachText, .allowed = kStatuses},
    {.member = "OnFailure", .operations = "", .allowed = kOnFailure},
    {.member = "OnStackFailure", .operations = "", .allowed = kOnFailure},
    {.member = "ChangeSetType", .operations = "", .allowed = "CREATE, IMPORT, UPDATE"},
    {.member = "DeletionMode", .operations = "", .allowed = "STANDARD, FORCE_DELETE_STACK"},
    {.member = "DeploymentConfig.Mode", .operations = "", .allowed = "STANDARD, EXPRESS"},
    {.member = "TemplateStage", .operations = "", .allowed = "Original, Processed"},
    {.member = "CallAs", .operations = "", .allowed = "SELF, DELEGATED_ADMIN"},
};

bool is_allowed(const Rule& rule, std::string_view value) {
  return rule.allowed == nullptr || is_listed(rule.allowed, ", ", value);
}

std::string enum_constraint(const Rule& rule) {
  return std::string("Member must satisfy enum value set: [") + rule.allowed + "]";
}

void check_text(const Rule& rule, const std::string& value, const std::string& path,
                model::Violations& violations) {
  if (rule.fits != nullptr && !rule.fits(value))
    violations.add(value, path,
                   std::string("Member must satisfy regular expression pattern: ") + rule.pattern);
  violations.check_length(value, path, rule.least, rule.most);
  if (!is_allowed(rule, value)) violations.add(value, path, enum_constraint(rule));
}

void check_each(const Rule& rule, const std::vector<std::string>& values, const std::string& path,
                model::Violations& violations) {
  const auto fits = [&](const std::string& value) {
    const size_t length = characters(value);
    return length >= rule.least && length <= rule.most && is_allowed(rule, value);
  };
  if (std::all_of(values.begin(), values.end(), fits)) return;
  std::string shown;
  for (const std::string& value : values) shown += (shown.empty() ? "" : ", ") + value;
  violations.add(
      "[" + shown + "]", path,
      "Member must satisfy constraint: [" +
          (rule.allowed != nullptr
               ? enum_constraint(rule)
               : "Member must have length less than or equal to " + std::to_string(rule.most) +
                     ", Member must have length greater than or equal to " +
                     std::to_string(rule.least)) +
          "]");
}

// `value`: nullptr where it is absent. Wrong types are the operations' affair.
void check_member(const Rule& rule, const json* value, const std::string& path,
                  model::Violations& violations) {
  if (value == nullptr || value->is_null()) {
    if (rule.need == Need::kRequired) violations.add_missing(path);
    return;
  }
  if (rule.of == Of::kText) {
    if (value->is_string()) check_text(rule, json_text(*value), path, violations);
  } else if (value->is_array() && rule.of == Of::kEachText) {
    check_each(rule, json_text_list(*value), path, violations);
  } else if (value->is_array() && value->size() > rule.most) {
    violations.add("[" + std::to_string(value->size()) + " entries]", path,
                   "Member must have length less than or equal to " + std::to_string(rule.most));
  }
}

std::string shown_name(std::string_view name) {
  std::string shown(name);
  shown.front() = ascii::lower(shown.front());
  return shown;
}

const json* member_of(const json& document, std::string_view name) {
  if (!document.is_object()) return nullptr;
  const auto found = document.find(name);
  return found == document.end() ? nullptr : &*found;
}

// Goes down `rest`, the members that are left of the rule's.
void check_at(const Rule& rule, const json& document, std::string_view rest,
              const std::string& before, model::Violations& violations) {
  const size_t dot = rest.find('.');
  if (dot == std::string_view::npos)
    return check_member(rule, member_of(document, rest), before + shown_name(rest), violations);
  std::string_view name = rest.substr(0, dot);
  rest.remove_prefix(dot + 1);
  const bool is_list = name.ends_with("[]");
  if (is_list) name.remove_suffix(2);
  const json* const inner = member_of(document, name);
  if (inner == nullptr) return;
  const std::string path = before + shown_name(name) + ".";
  if (!is_list) return check_at(rule, *inner, rest, path, violations);
  if (!inner->is_array()) return;
  for (size_t i = 0; i < inner->size(); ++i)
    check_at(rule, (*inner)[i], rest, path + std::to_string(i + 1) + ".member.", violations);
}

}  // namespace

Result<void> check_cloudformation_input(std::string_view operation, const json& input) {
  model::Violations violations;
  for (const Rule& rule : kRules)
    if (rule.operations.empty() || is_listed(rule.operations, " ", operation))
      check_at(rule, input, rule.member, "", violations);
  if (const auto error = violations.error()) return stack::validation_error(error->message);
  return {};
}

}  // namespace kiln::services
