// IAM's operations on roles themselves.
#include <algorithm>

#include "base/json_access.h"
#include "services/iam/input.h"
#include "services/iam/operations.h"
#include "wire/fields.h"

namespace kiln::services {

using nlohmann::json;

namespace {

constexpr size_t kMaxRoleName = 64;
constexpr size_t kMaxDescription = 1000;
constexpr size_t kMaxTrust = 4096;  // what AWS's quota can be raised to

// As CreateRole has it; the others say more.
json role_document(const Role& role) {
  json out = {{"Path", role.path},
              {"RoleName", role.name},
              {"RoleId", role.id},
              {"Arn", role.arn},
              {"CreateDate", iam::seconds(role.created)},
              {"AssumeRolePolicyDocument", iam::encoded(role.trust)}};
  if (role.has_description || !role.description.empty()) out["Description"] = role.description;
  return out;
}

// A list of one becomes that one.
void unwrap(nlohmann::ordered_json& value) {
  if (value.is_array() && value.size() == 1) value = nlohmann::ordered_json(value[0]);
}

// As GetRole and ListRoles give a trust policy: actions and principals without lists of one. As
// recorded on AWS; CreateRole answers with the text that it was given.
std::string normal(const std::string& trust) {
  auto document = json_parse<nlohmann::ordered_json>(trust);
  if (!document.is_object() || !document.contains("Statement")) return trust;
  const nlohmann::ordered_json given = document;
  auto& statements = document["Statement"];
  const auto tidy = [](nlohmann::ordered_json& statement) {
    if (!statement.is_object()) return;
    for (auto& [name, value] : statement.items()) {
      if (name == "Action" || name == "NotAction") unwrap(value);
      const bool is_principal = name == "Principal" || name == "NotPrincipal";
      if (is_principal && value.is_object())
        for (auto& principal : value) unwrap(principal);
    }
  };
  if (statements.is_array())
    std::for_each(statements.begin(), statements.end(), tidy);
  else
    tidy(statements);
  return document == given ? trust : json_dump(document);
}

json told_document(const Role& role) {
  json out = role_document(role);
  out["AssumeRolePolicyDocument"] = iam::encoded(normal(role.trust));
  out["MaxSessionDuration"] = role.max_session_s;
  return out;
}

void add_details(json& out, const Role& role) {
  if (!role.boundary.empty())
    out["PermissionsBoundary"] = {{"PermissionsBoundaryType", "Policy"},
                                  {"PermissionsBoundaryArn", role.boundary}};
  if (!role.tags.empty()) out["Tags"] = iam::tag_list(role.tags);
}

Result<void> read_session(wire::Fields& in, Role& role) {
  const auto seconds = in.integer("MaxSessionDuration");
  if (!seconds) return in.status();
  if (*seconds < 3600 || *seconds > 43'200)
    return iam::validation(
        "1 validation error detected: Value '" + std::to_string(*seconds) +
        "' at 'maxSessionDuration' failed to satisfy constraint: Member must "
        "have value " +
        (*seconds < 3600 ? "greater than or equal to 3600" : "less than or equal to 43200"));
  role.max_session_s = *seconds;
  return {};
}

Result<void> read_description(wire::Fields& in, Role& role) {
  role.has_description = role.has_description || in.has("Description");
  role.description = in.text("Description", role.description);
  if (role.description.size() > kMaxDescription)
    return iam::validation(
        "1 validation error detected: Value '" + role.description +
        "' at 'description' failed to satisfy constraint: Member must have length less than or "
        "equal to 1000");
  return in.status();
}

Result<void> check_boundary(const std::string& arn) {
  if (arn.starts_with("arn:")) return {};
  return iam::validation("Invalid ARN:  Could not be parsed!");
}

}  // namespace

Result<json> IamOperations::create_role(const json& input) {
  Role made;
  const auto name = iam::name(input, "RoleName", kMaxRoleName);
  if (!name) return name.error();
  const auto path = iam::path(input);
  if (!path) return path.error();
  const auto trust = iam::policy_text(input, "AssumeRolePolicyDocument", kMaxTrust);
  if (!trust) return trust.error();
  wire::Fields in(input);
  made.boundary = in.text("PermissionsBoundary");
  if (auto valid = check_boundary(made.boundary); !valid && !made.boundary.empty())
    return valid.error();
  if (auto fine = read_session(in, made); !fine) return fine.error();
  if (auto fine = read_description(in, made); !fine) return fine.error();
  if (auto fine = iam::add_tags(input, made.tags); !fine) return fine.error();
  if (book_.role(*name))
    return Error{ErrorKind::kConflict, "EntityAlreadyExists",
                 "Role with name " + *name + " already exists."};
  made.name = *name;
  made.path = *path;
  made.trust = *trust;
  made.arn = book_.arn("role", made.path, made.name);
  made.id = new_iam_id("AROA");
  made.created = now_;
  json out = role_document(made);
  add_details(out, made);
  if (auto kept = book_.put(std::move(made)); !kept) return kept.error();
  return json{{"Role", std::move(out)}};
}

Result<json> IamOperations::get_role(const json& input) {
  const auto found = role(input);
  if (!found) return found.error();
  json out = told_document(*found);
  add_details(out, *found);
  out["RoleLastUsed"] = json::object();
  return json{{"Role", std::move(out)}};
}

Result<json> IamOperations::list_roles(const json& input) {
  wire::Fields in(input);
  const std::string prefix = in.text("PathPrefix", "/");
  if (!in.status()) return in.status().error();
  json all = json::array();
  for (const auto& [name, each] : book_.roles()) {
    if (!each.path.starts_with(prefix)) continue;
    all.push_back(told_document(each));
  }
  return iam::page(input, all, "Roles", "RoleName");
}

Result<json> IamOperations::update_role(const json& input) {
  auto changed = role(input);
  if (!changed) return changed.error();
  wire::Fields in(input);
  if (auto fine = read_session(in, *changed); !fine) return fine.error();
  if (auto fine = read_description(in, *changed); !fine) return fine.error();
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json::object();
}

Result<json> IamOperations::update_role_description(const json& input) {
  auto changed = role(input);
  if (!changed) return changed.error();
  wire::Fields in(input);
  if (auto fine = read_description(in, *changed); !fine) return fine.error();
  json out = told_document(*changed);
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json{{"Role", std::move(out)}};
}

Result<json> IamOperations::update_assume_role_policy(const json& input) {
  auto changed = role(input);
  if (!changed) return changed.error();
  const auto trust = iam::policy_text(input, "PolicyDocument", kMaxTrust);
  if (!trust) return trust.error();
  changed->trust = *trust;
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json::object();
}

Result<json> IamOperations::delete_role(const json& input) {
  const auto found = role(input);
  if (!found) return found.error();
  if (!found->attached.empty())
    return iam::delete_conflict("Cannot delete entity, must detach all policies first.");
  if (!found->inline_policies.empty())
    return iam::delete_conflict("Cannot delete entity, must delete policies first.");
  if (auto erased = book_.erase_role(found->name); !erased) return erased.error();
  return json::object();
}

Result<json> IamOperations::tag_role(const json& input) {
  auto changed = role(input);
  if (!changed) return changed.error();
  if (auto fine = iam::add_tags(input, changed->tags); !fine) return fine.error();
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json::object();
}

Result<json> IamOperations::untag_role(const json& input) {
  auto changed = role(input);
  if (!changed) return changed.error();
  iam::remove_tags(input, changed->tags);
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json::object();
}

Result<json> IamOperations::list_role_tags(const json& input) {
  const auto found = role(input);
  if (!found) return found.error();
  return iam::page(input, iam::tag_list(found->tags), "Tags", "Key");
}

Result<json> IamOperations::put_role_permissions_boundary(const json& input) {
  auto changed = role(input);
  if (!changed) return changed.error();
  const auto boundary = iam::required(input, "PermissionsBoundary");
  if (!boundary) return boundary.error();
  if (auto valid = check_boundary(*boundary); !valid) return valid.error();
  changed->boundary = *boundary;
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json::object();
}

Result<json> IamOperations::delete_role_permissions_boundary(const json& input) {
  auto changed = role(input);
  if (!changed) return changed.error();
  changed->boundary.clear();
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json::object();
}

// There are none; whoever deletes a role asks.
Result<json> IamOperations::list_instance_profiles_for_role(const json& input) {
  const auto found = role(input);
  if (!found) return found.error();
  return iam::page(input, json::array(), "InstanceProfiles", "");
}

}  // namespace kiln::services
