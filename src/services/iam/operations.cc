#include "services/iam/operations.h"

#include "services/iam/input.h"

#include "base/json_access.h"

namespace kiln::services {

using nlohmann::json;

IamOperations::Operation IamOperations::operation_of(const std::string& name) {
  using Ops = IamOperations;
  static const std::map<std::string, Operation> all = {
      {"AttachRolePolicy", &Ops::attach_role_policy},
      {"CreatePolicy", &Ops::create_policy},
      {"CreatePolicyVersion", &Ops::create_policy_version},
      {"CreateRole", &Ops::create_role},
      {"DeletePolicy", &Ops::delete_policy},
      {"DeletePolicyVersion", &Ops::delete_policy_version},
      {"DeleteRole", &Ops::delete_role},
      {"DeleteRolePermissionsBoundary", &Ops::delete_role_permissions_boundary},
      {"DeleteRolePolicy", &Ops::delete_role_policy},
      {"DetachRolePolicy", &Ops::detach_role_policy},
      {"GetPolicy", &Ops::get_policy},
      {"GetPolicyVersion", &Ops::get_policy_version},
      {"GetRole", &Ops::get_role},
      {"GetRolePolicy", &Ops::get_role_policy},
      {"GetUser", &Ops::get_user},
      {"ListAccountAliases", &Ops::list_account_aliases},
      {"ListAttachedRolePolicies", &Ops::list_attached_role_policies},
      {"ListEntitiesForPolicy", &Ops::list_entities_for_policy},
      {"ListInstanceProfilesForRole", &Ops::list_instance_profiles_for_role},
      {"ListPolicies", &Ops::list_policies},
      {"ListPolicyTags", &Ops::list_policy_tags},
      {"ListPolicyVersions", &Ops::list_policy_versions},
      {"ListRolePolicies", &Ops::list_role_policies},
      {"ListRoleTags", &Ops::list_role_tags},
      {"ListRoles", &Ops::list_roles},
      {"PutRolePermissionsBoundary", &Ops::put_role_permissions_boundary},
      {"PutRolePolicy", &Ops::put_role_policy},
      {"SetDefaultPolicyVersion", &Ops::set_default_policy_version},
      {"TagPolicy", &Ops::tag_policy},
      {"TagRole", &Ops::tag_role},
      {"UntagPolicy", &Ops::untag_policy},
      {"UntagRole", &Ops::untag_role},
      {"UpdateAssumeRolePolicy", &Ops::update_assume_role_policy},
      {"UpdateRole", &Ops::update_role},
      {"UpdateRoleDescription", &Ops::update_role_description},
  };
  const auto found = all.find(name);
  return found == all.end() ? nullptr : found->second;
}

Result<json> IamOperations::run(const std::string& operation, const json& input) {
  const Operation work = operation_of(operation);
  if (!work)
    return Error{ErrorKind::kInvalid, "InvalidAction",
                 "Kiln's IAM has no operation " + operation +
                     "; it keeps roles and managed policies: docs/compatibility.md lists its "
                     "operations."};
  return (this->*work)(input);
}

Result<Role> IamOperations::role(const json& input) const {
  const auto name = iam::required(input, "RoleName");
  if (!name) return name.error();
  const Role* found = book_.role(*name);
  if (!found) return iam::no_such_entity("The role with name " + *name + " cannot be found.");
  return *found;
}

Result<json> IamOperations::list_account_aliases(const json& input) {
  return iam::page(input, json::array(), "AccountAliases", "");
}

// A caller that is no role's session is the account's root.
Result<json> IamOperations::get_user(const json& input) {
  if (input.contains("UserName"))
    return iam::no_such_entity("The user with name " + json_text(input["UserName"]).substr(0, 64) +
                               " cannot be found.");
  if (caller_ == IamCaller::kRoleSession)
    return iam::validation("Must specify userName when calling with non-User credentials");
  return json{{"User",
               {{"UserId", book_.account()},
                {"Arn", "arn:aws:iam::" + book_.account() + ":root"},
                {"CreateDate", 0}}}};
}

}  // namespace kiln::services
