// IAM: roles, the policies in them, managed policies. They are kept in IAM's API, which enforces
// nothing.
#include "stack/iam_types.h"

#include <array>
#include <set>

#include "base/arn.h"
#include "base/json_access.h"
#include "stack/form_tags.h"
#include "template/evaluate.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

constexpr Property kRoleProperties[] = {
    {"AssumeRolePolicyDocument", OnChange::kUpdate, kRequired},
    {"Description"},
    {"ManagedPolicyArns"},
    {"MaxSessionDuration"},
    {"Path", kReplace},
    {"PermissionsBoundary"},
    {"Policies"},
    {"RoleName", kReplace},
    {"Tags"},
};
constexpr Property kIamPolicyProperties[] = {
    {"Groups"},
    {"PolicyDocument", OnChange::kUpdate, kRequired},
    {"PolicyName", OnChange::kUpdate, kRequired},
    {"Roles"},
    {"Users"},
};
constexpr Property kManagedPolicyProperties[] = {
    {"Description", kReplace},
    {"Groups"},
    {"ManagedPolicyName", kReplace},
    {"Path", kReplace},
    {"PolicyDocument", OnChange::kUpdate, kRequired},
    {"Roles"},
    {"Users"},
};

Result<json> call_iam(const Scope& scope, const std::string& action, const AwsApi::Form& form) {
  return scope.api.query("iam", action, form);
}

// A policy's document is given as its JSON.
std::string document_text(const json& properties, const char* name) {
  const auto found = properties.find(name);
  if (found == properties.end()) return "";
  return found->is_string() ? json_text(*found) : json_dump(*found);
}

std::set<std::string> texts_of(const json& properties, const char* name) {
  std::set<std::string> out;
  const auto found = properties.find(name);
  if (found == properties.end() || !found->is_array()) return out;
  for (const json& item : *found)
    if (item.is_string()) out.insert(json_text(item));
  return out;
}

bool is_taken(const Result<json>& answer) {
  return !answer && answer.error().type == "EntityAlreadyExists";
}

bool is_missing(const Result<json>& answer) {
  return !answer && answer.error().type == "NoSuchEntity";
}

// Policies of a role, by name, from its property Policies.
Result<std::map<std::string, std::string>> inline_policies(const json& properties) {
  std::map<std::string, std::string> out;
  const auto found = properties.find("Policies");
  if (found == properties.end()) return out;
  for (const json& policy : *found) {
    if (policy.is_string() && cfn::is_unknown(policy)) continue;
    const std::string name = policy.is_object() ? text_of(policy, "PolicyName") : "";
    if (name.empty() || !policy.contains("PolicyDocument"))
      return Error{ErrorKind::kInvalid, "ValidationError",
                   "Properties validation failed: each of Policies has a PolicyName and a "
                   "PolicyDocument"};
    out[name] = document_text(policy, "PolicyDocument");
  }
  return out;
}

class RoleType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::IAM::Role"; }
  std::span<const Property> properties() const override { return kRoleProperties; }
  std::vector<std::string_view> attributes() const override { return {"Arn", "RoleId"}; }
  std::string_view name_property() const override { return "RoleName"; }
  bool id_is_name() const override { return true; }

  Result<void> check(const AwsApi& trial, const std::string& name,
                     const json& properties) const override {
    if (const auto inner = inline_policies(properties); !inner) return inner.error();
    const json known = known_part(
        properties,
        {{"AssumeRolePolicyDocument", {{"Version", "2012-10-17"}, {"Statement", json::array()}}}});
    return verdict(trial.query("iam", "CreateRole", creation(name, known)));
  }
  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    const auto made = call_iam(scope, "CreateRole", creation(name, properties));
    if (is_taken(made)) {
      if (!scope.repairing) return already_exists(this->name(), name);
      return update(scope, name, json::object(), properties);
    }
    if (!made) return made.error();
    if (auto done = set_policies(scope, name, json::object(), properties); !done) {
      (void)remove(scope, name, properties);
      return done.error();
    }
    return described(scope, name);
  }

  Result<Made> update(const Scope& scope, const std::string& id, const json& before,
                      const json& after) const override {
    // What an earlier version of Kiln has only written down is made now.
    if (is_missing(call_iam(scope, "GetRole", {{"RoleName", id}}))) return create(scope, id, after);
    const auto trust = call_iam(
        scope, "UpdateAssumeRolePolicy",
        {{"RoleName", id}, {"PolicyDocument", document_text(after, "AssumeRolePolicyDocument")}});
    if (!trust) return trust.error();
    const auto duration = after.find("MaxSessionDuration");
    const auto session =
        call_iam(scope, "UpdateRole",
                 {{"RoleName", id},
                  {"Description", text_of(after, "Description")},
                  {"MaxSessionDuration",
                   duration == after.end() ? std::string("3600") : json_dump(*duration)}});
    if (!session) return session.error();
    if (auto done = set_boundary(scope, id, before, after); !done) return done.error();
    if (auto done = set_policies(scope, id, before, after); !done) return done.error();
    if (auto done = retag(scope, id, before, after); !done) return done.error();
    return described(scope, id);
  }

  Result<void> remove(const Scope& scope, const std::string& id,
                      const json& properties) const override {
    // Only its own policies: what somebody else has put into the role makes its removal fail.
    const auto done = set_policies(scope, id, properties, json::object());
    if (!done && done.error().type != "NoSuchEntity") return done;
    return gone(call_iam(scope, "DeleteRole", {{"RoleName", id}}));
  }

 private:
  static AwsApi::Form creation(const std::string& name, const json& properties) {
    AwsApi::Form form = {
        {"RoleName", name},
        {"AssumeRolePolicyDocument", document_text(properties, "AssumeRolePolicyDocument")}};
    // A role of a stack has a description, if an empty one.
    form.emplace_back("Description", text_of(properties, "Description"));
    for (const char* member : {"Path", "PermissionsBoundary"})
      if (const std::string text = text_of(properties, member); !text.empty())
        form.emplace_back(member, text);
    if (const auto duration = properties.find("MaxSessionDuration"); duration != properties.end())
      form.emplace_back("MaxSessionDuration", json_dump(*duration));
    add_tags(form, tag_change({}, properties).wanted);
    return form;
  }
  static Result<Made> described(const Scope& scope, const std::string& name) {
    const auto found = call_iam(scope, "GetRole", {{"RoleName", name}});
    if (!found) return found.error();
    const json role = json_member(*found, "Role");
    return Made{name, {{"Arn", text_of(role, "Arn")}, {"RoleId", text_of(role, "RoleId")}}};
  }

  static Result<void> set_boundary(const Scope& scope, const std::string& id, const json& before,
                                   const json& after) {
    if (!differs(before, after, "PermissionsBoundary")) return {};
    const std::string boundary = text_of(after, "PermissionsBoundary");
    const auto done = boundary.empty()
                          ? call_iam(scope, "DeleteRolePermissionsBoundary", {{"RoleName", id}})
                          : call_iam(scope, "PutRolePermissionsBoundary",
                                     {{"RoleName", id}, {"PermissionsBoundary", boundary}});
    if (!done) return done.error();
    return {};
  }

  static Result<void> set_policies(const Scope& scope, const std::string& id, const json& before,
                                   const json& after) {
    const auto old = inline_policies(before), now = inline_policies(after);
    if (!now) return now.error();
    if (old)
      for (const auto& [name, document] : *old)
        if (!now->contains(name))
          if (auto done = gone(
                  call_iam(scope, "DeleteRolePolicy", {{"RoleName", id}, {"PolicyName", name}}));
              !done)
            return done;
    for (const auto& [name, document] : *now)
      if (const auto done =
              call_iam(scope, "PutRolePolicy",
                       {{"RoleName", id}, {"PolicyName", name}, {"PolicyDocument", document}});
          !done)
        return done.error();
    const auto wanted = texts_of(after, "ManagedPolicyArns");
    for (const std::string& arn : texts_of(before, "ManagedPolicyArns"))
      if (!wanted.contains(arn))
        if (auto done =
                gone(call_iam(scope, "DetachRolePolicy", {{"RoleName", id}, {"PolicyArn", arn}}));
            !done)
          return done;
    for (const std::string& arn : wanted)
      if (const auto done =
              call_iam(scope, "AttachRolePolicy", {{"RoleName", id}, {"PolicyArn", arn}});
          !done)
        return done.error();
    return {};
  }

  static Result<void> retag(const Scope& scope, const std::string& id, const json& before,
                            const json& after) {
    if (!differs(before, after, "Tags")) return {};
    const TagChange change = tag_change(before, after);
    if (!change.removed.empty()) {
      AwsApi::Form form = {{"RoleName", id}};
      int number = 0;
      for (const std::string& key : change.removed)
        form.emplace_back("TagKeys.member." + std::to_string(++number), key);
      if (const auto done = call_iam(scope, "UntagRole", form); !done) return done.error();
    }
    if (change.wanted.empty()) return {};
    AwsApi::Form form = {{"RoleName", id}};
    add_tags(form, change.wanted);
    if (const auto done = call_iam(scope, "TagRole", form); !done) return done.error();
    return {};
  }
};

// Into roles that Kiln has; users, groups and roles of elsewhere have no place to put it.
class PolicyType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::IAM::Policy"; }
  std::span<const Property> properties() const override { return kIamPolicyProperties; }
  std::vector<std::string_view> attributes() const override { return {"Id"}; }

  // AWS's text.
  Result<void> check(const AwsApi&, const std::string&, const json& properties) const override {
    for (const char* holders : {"Groups", "Roles", "Users"})
      if (const json& given = json_member(properties, holders); !given.is_null() && !given.empty())
        return {};
    return Error{ErrorKind::kInvalid, "ValidationError",
                 "At least one of [Groups,Roles,Users] must be non-empty."};
  }

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    return update(scope, name, json::object(), properties);
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json& before,
                      const json& after) const override {
    const std::string old = text_of(before, "PolicyName"), now = text_of(after, "PolicyName");
    const auto roles = texts_of(after, "Roles");
    for (const std::string& role : texts_of(before, "Roles"))
      if (old != now || !roles.contains(role))
        if (auto done = take_out(scope, role, old); !done) return done.error();
    for (const std::string& role : roles) {
      const auto done = call_iam(scope, "PutRolePolicy",
                                 {{"RoleName", role},
                                  {"PolicyName", now},
                                  {"PolicyDocument", document_text(after, "PolicyDocument")}});
      if (!done && !is_missing(done)) return done.error();
    }
    return Made{id, {{"Id", id}}};
  }
  Result<void> remove(const Scope& scope, const std::string&,
                      const json& properties) const override {
    for (const std::string& role : texts_of(properties, "Roles"))
      if (auto done = take_out(scope, role, text_of(properties, "PolicyName")); !done) return done;
    return {};
  }

 private:
  static Result<void> take_out(const Scope& scope, const std::string& role,
                               const std::string& policy) {
    return gone(call_iam(scope, "DeleteRolePolicy", {{"RoleName", role}, {"PolicyName", policy}}));
  }
};

class ManagedPolicyType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::IAM::ManagedPolicy"; }
  std::span<const Property> properties() const override { return kManagedPolicyProperties; }
  std::vector<std::string_view> attributes() const override { return {"PolicyArn"}; }
  std::string_view name_property() const override { return "ManagedPolicyName"; }
  size_t max_name() const override { return 128; }

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    AwsApi::Form form = {{"PolicyName", name},
                         {"PolicyDocument", document_text(properties, "PolicyDocument")}};
    for (const char* member : {"Path", "Description"})
      if (const std::string text = text_of(properties, member); !text.empty())
        form.emplace_back(member, text);
    const auto made = call_iam(scope, "CreatePolicy", form);
    const std::string arn = arn_of(scope, name, properties);
    if (is_taken(made) && !scope.repairing) return already_exists(this->name(), arn);
    if (!made && !is_taken(made)) return made.error();
    if (auto done = attach(scope, arn, json::object(), properties); !done) return done.error();
    return Made{arn, {{"PolicyArn", arn}}};
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json& before,
                      const json& after) const override {
    if (is_missing(call_iam(scope, "GetPolicy", {{"PolicyArn", id}})))
      return create(scope, id.substr(id.rfind('/') + 1), after);
    if (differs(before, after, "PolicyDocument"))
      if (auto done = renew(scope, id, document_text(after, "PolicyDocument")); !done)
        return done.error();
    if (auto done = attach(scope, id, before, after); !done) return done.error();
    return Made{id, {{"PolicyArn", id}}};
  }
  Result<void> remove(const Scope& scope, const std::string& id,
                      const json& properties) const override {
    const std::string arn = id.starts_with("arn:") ? id : arn_of(scope, id, properties);
    if (auto done = attach(scope, arn, properties, json::object()); !done) return done;
    if (auto done = drop_versions(scope, arn); !done) return done;
    return gone(call_iam(scope, "DeletePolicy", {{"PolicyArn", arn}}));
  }

 private:
  static std::string arn_of(const Scope& scope, const std::string& name, const json& properties) {
    const std::string path = text_of(properties, "Path");
    return global_arn_start("iam", scope.region) + scope.account + ":policy" +
           (path.empty() ? "/" : path) + name;
  }
  static Result<void> attach(const Scope& scope, const std::string& arn, const json& before,
                             const json& after) {
    const auto wanted = texts_of(after, "Roles");
    for (const std::string& role : texts_of(before, "Roles"))
      if (!wanted.contains(role))
        if (auto done =
                gone(call_iam(scope, "DetachRolePolicy", {{"RoleName", role}, {"PolicyArn", arn}}));
            !done)
          return done;
    for (const std::string& role : wanted) {
      const auto done =
          call_iam(scope, "AttachRolePolicy", {{"RoleName", role}, {"PolicyArn", arn}});
      if (!done && !is_missing(done)) return done.error();
    }
    return {};
  }
  // Versions that aren't the default go: there may be five, and none while a policy is deleted.
  static Result<void> drop_versions(const Scope& scope, const std::string& arn) {
    const auto versions = call_iam(scope, "ListPolicyVersions", {{"PolicyArn", arn}});
    if (!versions) return gone(versions);
    const json list = json_list(*versions, "Versions");
    for (const json& version : list) {
      if (!version.is_object() || text_of(version, "IsDefaultVersion") == "true") continue;
      const auto done =
          gone(call_iam(scope, "DeletePolicyVersion",
                        {{"PolicyArn", arn}, {"VersionId", text_of(version, "VersionId")}}));
      if (!done) return done;
    }
    return {};
  }
  static Result<void> renew(const Scope& scope, const std::string& arn,
                            const std::string& document) {
    if (auto done = drop_versions(scope, arn); !done) return done;
    const auto made =
        call_iam(scope, "CreatePolicyVersion",
                 {{"PolicyArn", arn}, {"PolicyDocument", document}, {"SetAsDefault", "true"}});
    if (!made) return made.error();
    return {};
  }
};

}  // namespace

std::span<const ResourceType* const> iam_types() {
  static const RoleType role{};
  static const PolicyType policy{};
  static const ManagedPolicyType managed{};
  static constexpr std::array<const ResourceType*, 3> all = {&role, &policy, &managed};
  return all;
}

}  // namespace kiln::stack
