// IAM's roles and managed policies: kept and given back, and nothing is ever refused for them.
// Every caller may do everything, and every role may be passed to everything.
//
//   IamBook book(account, state);
//   book.load(kind, key, document) …;
//   book.put(role);                          // on disk when it returns
//   const Role* role = book.role("orders");
//
// Not thread-safe. What is returned by pointer stays good until the next change.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/state_port.h"
#include "services/driver/role_ids.h"

namespace kiln::services {

using IamTags = std::map<std::string, std::string>;

struct Role {
  std::string name;
  std::string path = "/";
  std::string arn;
  std::string id;     // "AROA…"
  std::string trust;  // AssumeRolePolicyDocument, JSON as it was given
  std::string description;
  bool has_description = false;  // also an empty one, as stacks give it
  int64_t max_session_s = 3600;
  std::string boundary;  // the ARN of a policy; "": none
  IamTags tags;
  std::map<std::string, std::string> inline_policies;  // name to JSON
  std::vector<std::string> attached;                   // ARNs, in the order of attaching
  WallTime created{};
};

struct PolicyVersion {
  std::string id;  // "v1"
  std::string document;
  WallTime created{};
};

struct ManagedPolicy {
  std::string name;
  std::string path = "/";
  std::string arn;
  std::string id;  // "ANPA…"
  std::string description;
  IamTags tags;
  std::vector<PolicyVersion> versions;  // oldest first
  std::string default_version = "v1";
  int64_t next_version = 2;
  WallTime created{}, updated{};

  const PolicyVersion* version(const std::string& wanted) const;
};

class IamBook {
 public:
  static constexpr const char* kRoleKind = "iam-role";
  static constexpr const char* kPolicyKind = "iam-policy";

  IamBook(std::string account, StatePort& state) : account_(std::move(account)), state_(state) {}

  Result<void> load(const std::string& kind, const std::string& document);

  const Role* role(const std::string& name) const;
  const ManagedPolicy* policy(const std::string& arn) const;
  const std::map<std::string, Role>& roles() const { return roles_; }
  const std::map<std::string, ManagedPolicy>& policies() const { return policies_; }
  // How many roles have the policy, and how many have it as their boundary.
  size_t attachments(const std::string& arn) const;
  size_t boundaries(const std::string& arn) const;

  // Makes it, or takes the place of the one of that name or ARN.
  Result<void> put(Role role);
  Result<void> put(ManagedPolicy policy);
  Result<void> erase_role(const std::string& name);
  Result<void> erase_policy(const std::string& arn);

  // "arn:aws:iam::ACCOUNT:role/path/name"
  std::string arn(const char* kind, const std::string& path, const std::string& name) const;
  const std::string& account() const { return account_; }
  const RoleIds& role_ids() const { return role_ids_; }

 private:
  const std::string account_;
  StatePort& state_;
  std::map<std::string, Role> roles_;  // by name
  RoleIds role_ids_;
  std::map<std::string, ManagedPolicy> policies_;  // by ARN
};

// A policy of AWS's own, "arn:aws:iam::aws:policy/…": each may be attached, none is kept.
bool is_aws_policy(const std::string& arn);
// An id as IAM makes them: the prefix and 17 characters.
std::string new_iam_id(const char* prefix);

}  // namespace kiln::services
