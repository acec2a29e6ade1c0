// IAM's operations: documents in, documents out, over an IamBook. Documents came as forms: all
// values are texts.
//
//   Result<json> answer = IamOperations(book, now).run("GetRole", {{"RoleName", "orders"}});
//
// Errors have IAM's codes: NoSuchEntity, EntityAlreadyExists, DeleteConflict, … Not thread-safe.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "services/iam/book.h"
#include "services/iam/caller.h"

namespace kiln::services {

class IamOperations {
 public:
  IamOperations(IamBook& book, WallTime now, IamCaller caller = IamCaller::kRoot)
      : book_(book), now_(now), caller_(caller) {}

  Result<nlohmann::json> run(const std::string& operation, const nlohmann::json& input);

 private:
  using json = nlohmann::json;
  using Operation = Result<json> (IamOperations::*)(const json&);
  static Operation operation_of(const std::string& name);

  // roles.cc
  Result<json> create_role(const json& input);
  Result<json> get_role(const json& input);
  Result<json> list_roles(const json& input);
  Result<json> update_role(const json& input);
  Result<json> update_role_description(const json& input);
  Result<json> update_assume_role_policy(const json& input);
  Result<json> delete_role(const json& input);
  Result<json> tag_role(const json& input);
  Result<json> untag_role(const json& input);
  Result<json> list_role_tags(const json& input);
  Result<json> put_role_permissions_boundary(const json& input);
  Result<json> delete_role_permissions_boundary(const json& input);
  Result<json> list_instance_profiles_for_role(const json& input);

  // role_policies.cc
  Result<json> put_role_policy(const json& input);
  Result<json> get_role_policy(const json& input);
  Result<json> delete_role_policy(const json& input);
  Result<json> list_role_policies(const json& input);
  Result<json> attach_role_policy(const json& input);
  Result<json> detach_role_policy(const json& input);
  Result<json> list_attached_role_policies(const json& input);

  // policies.cc
  Result<json> create_policy(const json& input);
  Result<json> get_policy(const json& input);
  Result<json> list_policies(const json& input);
  Result<json> delete_policy(const json& input);
  Result<json> create_policy_version(const json& input);
  Result<json> get_policy_version(const json& input);
  Result<json> list_policy_versions(const json& input);
  Result<json> delete_policy_version(const json& input);
  Result<json> set_default_policy_version(const json& input);
  Result<json> list_entities_for_policy(const json& input);
  Result<json> tag_policy(const json& input);
  Result<json> untag_policy(const json& input);
  Result<json> list_policy_tags(const json& input);

  Result<json> list_account_aliases(const json& input);
  Result<json> get_user(const json& input);

  // The role that the input's RoleName names.
  Result<Role> role(const json& input) const;
  // The policy that PolicyArn names; of AWS's own, what can be said without its document.
  Result<ManagedPolicy> policy(const json& input) const;
  // One that may be changed: not AWS's own.
  Result<ManagedPolicy> own_policy(const json& input) const;
  json policy_document(const ManagedPolicy& policy) const;

  IamBook& book_;
  const WallTime now_;
  const IamCaller caller_;
};

}  // namespace kiln::services
