// IAM's operations on managed policies and their versions.
#include <algorithm>
#include <charconv>

#include "services/iam/input.h"
#include "services/iam/operations.h"
#include "wire/fields.h"
#include "wire/key_page.h"

namespace kiln::services {

using nlohmann::json;

namespace {

constexpr size_t kMaxPolicySize = 6144;
constexpr size_t kMaxVersions = 5;

Error no_such_version(const ManagedPolicy& policy, const std::string& version) {
  return iam::no_such_entity("Policy " + policy.arn + " version " + version +
                             " does not exist or is not attachable.");
}

uint64_t number_of(const PolicyVersion& version) {
  uint64_t number = 0;
  const char* const id = version.id.data();  // "v1"
  std::from_chars(id + 1, id + version.id.size(), number);
  return number;
}

json version_document(const ManagedPolicy& policy, const PolicyVersion& version) {
  return {{"VersionId", version.id},
          {"IsDefaultVersion", version.id == policy.default_version},
          {"CreateDate", iam::seconds(version.created)}};
}

}  // namespace

Result<ManagedPolicy> IamOperations::policy(const json& input) const {
  const auto arn = iam::required(input, "PolicyArn");
  if (!arn) return arn.error();
  if (const ManagedPolicy* found = book_.policy(*arn)) return *found;
  if (!arn->starts_with("arn:")) return iam::validation("Invalid ARN:  Could not be parsed!");
  if (!is_aws_policy(*arn)) return iam::no_such_entity("Policy " + *arn + " was not found.");
  ManagedPolicy policy;
  policy.arn = *arn;
  policy.name = arn->substr(arn->rfind('/') + 1);
  const size_t path = arn->find('/');
  policy.path = arn->substr(path, arn->rfind('/') + 1 - path);
  policy.id = "ANPA";
  return policy;
}

Result<ManagedPolicy> IamOperations::own_policy(const json& input) const {
  auto found = policy(input);
  if (found && is_aws_policy(found->arn))
    return Error{ErrorKind::kForbidden, "AccessDenied",
                 found->arn + " is AWS's own: it can't be changed."};
  return found;
}

json IamOperations::policy_document(const ManagedPolicy& policy) const {
  json out = {{"PolicyName", policy.name},
              {"PolicyId", policy.id},
              {"Arn", policy.arn},
              {"Path", policy.path},
              {"DefaultVersionId", policy.default_version},
              {"AttachmentCount", book_.attachments(policy.arn)},
              {"PermissionsBoundaryUsageCount", book_.boundaries(policy.arn)},
              {"IsAttachable", true},
              {"CreateDate", iam::seconds(policy.created)},
              {"UpdateDate", iam::seconds(policy.updated)}};
  return out;
}

Result<json> IamOperations::create_policy(const json& input) {
  ManagedPolicy made;
  const auto name = iam::name(input, "PolicyName", iam::kMaxPolicyName);
  if (!name) return name.error();
  const auto path = iam::path(input);
  if (!path) return path.error();
  const auto document = iam::policy_text(input, "PolicyDocument", kMaxPolicySize);
  if (!document) return document.error();
  wire::Fields in(input);
  made.description = in.text("Description");
  if (!in.status()) return in.status().error();
  if (auto fine = iam::add_tags(input, made.tags); !fine) return fine.error();
  made.name = *name;
  made.path = *path;
  made.arn = book_.arn("policy", made.path, made.name);
  const bool taken = std::any_of(book_.policies().begin(), book_.policies().end(),
                                 [&](const auto& each) { return each.second.name == made.name; });
  if (taken)
    return Error{ErrorKind::kConflict, "EntityAlreadyExists",
                 "A policy called " + made.name +
                     " already exists. Duplicate names are not "
                     "allowed."};
  made.id = new_iam_id("ANPA");
  made.created = made.updated = now_;
  made.versions.push_back({"v1", *document, now_});
  json out = policy_document(made);
  if (!made.tags.empty()) out["Tags"] = iam::tag_list(made.tags);
  if (auto kept = book_.put(std::move(made)); !kept) return kept.error();
  return json{{"Policy", std::move(out)}};
}

Result<json> IamOperations::get_policy(const json& input) {
  const auto found = policy(input);
  if (!found) return found.error();
  json out = policy_document(*found);
  if (!found->description.empty()) out["Description"] = found->description;
  out["Tags"] = iam::tag_list(found->tags);
  return json{{"Policy", std::move(out)}};
}

Result<json> IamOperations::list_policies(const json& input) {
  wire::Fields in(input);
  const std::string prefix = in.text("PathPrefix", "/"), scope = in.text("Scope", "All");
  const bool attached = in.boolean("OnlyAttached").value_or(false);
  if (!in.status()) return in.status().error();
  json all = json::array();
  // Of AWS's own there is no list here: each of them may be attached by its name.
  for (const auto& [arn, each] : book_.policies())
    if (scope != "AWS" && each.path.starts_with(prefix) &&
        (!attached || book_.attachments(arn) > 0))
      all.push_back(policy_document(each));
  return iam::page(input, all, "Policies", "Arn");
}

Result<json> IamOperations::delete_policy(const json& input) {
  const auto found = own_policy(input);
  if (!found) return found.error();
  if (book_.attachments(found->arn) > 0)
    return iam::delete_conflict("Cannot delete a policy attached to entities.");
  if (found->versions.size() > 1)
    return iam::delete_conflict(
        "This policy has more than one version. Before you delete a policy, you "
        "must delete the policy's versions. The default version is deleted with "
        "the policy.");
  if (auto erased = book_.erase_policy(found->arn); !erased) return erased.error();
  return json::object();
}

Result<json> IamOperations::create_policy_version(const json& input) {
  auto changed = own_policy(input);
  if (!changed) return changed.error();
  const auto document = iam::policy_text(input, "PolicyDocument", kMaxPolicySize);
  if (!document) return document.error();
  wire::Fields in(input);
  const bool becomes_default = in.boolean("SetAsDefault").value_or(false);
  if (!in.status()) return in.status().error();
  if (changed->versions.size() >= kMaxVersions)
    return Error{ErrorKind::kConflict, "LimitExceeded",
                 "A managed policy can have up to 5 versions. Before you create a new version, you "
                 "must delete an existing version."};
  const PolicyVersion version{"v" + std::to_string(changed->next_version++), *document, now_};
  changed->versions.push_back(version);
  changed->updated = now_;
  if (becomes_default) changed->default_version = version.id;
  json out = version_document(*changed, version);
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json{{"PolicyVersion", std::move(out)}};
}

Result<json> IamOperations::get_policy_version(const json& input) {
  const auto found = policy(input);
  if (!found) return found.error();
  const auto wanted = iam::required(input, "VersionId");
  if (!wanted) return wanted.error();
  if (is_aws_policy(found->arn))
    return iam::no_such_entity("Kiln keeps no documents of AWS's own policies, such as " +
                               found->arn);
  const PolicyVersion* version = found->version(*wanted);
  if (!version) return no_such_version(*found, *wanted);
  json out = version_document(*found, *version);
  out["Document"] = iam::encoded(version->document);
  return json{{"PolicyVersion", std::move(out)}};
}

Result<json> IamOperations::list_policy_versions(const json& input) {
  const auto found = policy(input);
  if (!found) return found.error();
  json all = json::array();
  std::vector<std::string> keys;
  for (auto version = found->versions.rbegin(); version != found->versions.rend(); ++version) {
    all.push_back(version_document(*found, *version));
    keys.push_back(wire::descending_key(number_of(*version)));
  }
  return iam::page(input, all, "Versions", keys);
}

Result<json> IamOperations::delete_policy_version(const json& input) {
  auto changed = own_policy(input);
  if (!changed) return changed.error();
  const auto wanted = iam::required(input, "VersionId");
  if (!wanted) return wanted.error();
  if (!changed->version(*wanted)) return no_such_version(*changed, *wanted);
  if (*wanted == changed->default_version)
    return iam::delete_conflict("Cannot delete the default version of a policy.");
  std::erase_if(changed->versions, [&](const PolicyVersion& each) { return each.id == *wanted; });
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json::object();
}

Result<json> IamOperations::set_default_policy_version(const json& input) {
  auto changed = own_policy(input);
  if (!changed) return changed.error();
  const auto wanted = iam::required(input, "VersionId");
  if (!wanted) return wanted.error();
  if (!changed->version(*wanted)) return no_such_version(*changed, *wanted);
  changed->default_version = *wanted;
  changed->updated = now_;
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json::object();
}

Result<json> IamOperations::list_entities_for_policy(const json& input) {
  const auto found = policy(input);
  if (!found) return found.error();
  json roles = json::array();
  for (const auto& [name, each] : book_.roles())
    if (std::find(each.attached.begin(), each.attached.end(), found->arn) != each.attached.end())
      roles.push_back({{"RoleName", name}, {"RoleId", each.id}});
  auto out = iam::page(input, roles, "PolicyRoles", "RoleName");
  if (!out) return out;
  (*out)["PolicyUsers"] = json::array();
  (*out)["PolicyGroups"] = json::array();
  return out;
}

Result<json> IamOperations::tag_policy(const json& input) {
  auto changed = own_policy(input);
  if (!changed) return changed.error();
  if (auto fine = iam::add_tags(input, changed->tags); !fine) return fine.error();
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json::object();
}

Result<json> IamOperations::untag_policy(const json& input) {
  auto changed = own_policy(input);
  if (!changed) return changed.error();
  iam::remove_tags(input, changed->tags);
  if (auto kept = book_.put(std::move(*changed)); !kept) return kept.error();
  return json::object();
}

Result<json> IamOperations::list_policy_tags(const json& input) {
  const auto found = policy(input);
  if (!found) return found.error();
  return iam::page(input, iam::tag_list(found->tags), "Tags", "Key");
}

}  // namespace kiln::services
