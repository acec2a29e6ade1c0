#include "services/iam/book.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/arn.h"
#include "base/document_reader.h"
#include "base/ids.h"
#include "base/json_access.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr const char* kGlobal = "global";  // IAM has no Regions

json document_of(const Role& role) {
  return {{"name", role.name},
          {"path", role.path},
          {"arn", role.arn},
          {"id", role.id},
          {"trust", role.trust},
          {"description", role.description},
          {"has_description", role.has_description},
          {"max_session_s", role.max_session_s},
          {"boundary", role.boundary},
          {"tags", role.tags},
          {"inline_policies", role.inline_policies},
          {"attached", role.attached},
          {"created", epoch_ms(role.created)}};
}

Role role_from(const DocumentReader& in) {
  Role role;
  in.read("name", role.name);
  in.read("path", role.path);
  in.read("arn", role.arn);
  in.read("id", role.id);
  in.read("trust", role.trust);
  in.read("description", role.description);
  in.read_if("has_description", role.has_description);
  in.read("max_session_s", role.max_session_s);
  in.read("boundary", role.boundary);
  in.read("tags", role.tags);
  in.read("inline_policies", role.inline_policies);
  in.read("attached", role.attached);
  in.read("created", role.created);
  return role;
}

json document_of(const ManagedPolicy& policy) {
  json versions = json::array();
  for (const PolicyVersion& version : policy.versions)
    versions.push_back({{"id", version.id},
                        {"document", version.document},
                        {"created", epoch_ms(version.created)}});
  return {{"name", policy.name},
          {"path", policy.path},
          {"arn", policy.arn},
          {"id", policy.id},
          {"description", policy.description},
          {"tags", policy.tags},
          {"versions", std::move(versions)},
          {"default_version", policy.default_version},
          {"next_version", policy.next_version},
          {"created", epoch_ms(policy.created)},
          {"updated", epoch_ms(policy.updated)}};
}

ManagedPolicy policy_from(const DocumentReader& in) {
  ManagedPolicy policy;
  in.read("name", policy.name);
  in.read("path", policy.path);
  in.read("arn", policy.arn);
  in.read("id", policy.id);
  in.read("description", policy.description);
  in.read("tags", policy.tags);
  for (const DocumentReader& version : in.list("versions"))
    policy.versions.push_back({version.get<std::string>("id"), version.get<std::string>("document"),
                               version.get<WallTime>("created")});
  in.read("default_version", policy.default_version);
  in.read("next_version", policy.next_version);
  in.read("created", policy.created);
  in.read("updated", policy.updated);
  return policy;
}

}  // namespace

const PolicyVersion* ManagedPolicy::version(const std::string& wanted) const {
  const auto found = std::find_if(versions.begin(), versions.end(),
                                  [&](const PolicyVersion& each) { return each.id == wanted; });
  return found == versions.end() ? nullptr : &*found;
}

Result<void> IamBook::load(const std::string& kind, const std::string& document) {
  std::string problem;
  const json parsed = json_parse(document);
  const DocumentReader in(parsed, problem);
  if (kind == kRoleKind) {
    Role role = role_from(in);
    if (problem.empty()) {
      role_ids_.set(role.arn, role.id);
      roles_[role.name] = std::move(role);
    }
  } else {
    ManagedPolicy policy = policy_from(in);
    if (problem.empty()) policies_[policy.arn] = std::move(policy);
  }
  if (problem.empty()) return {};
  return Error{ErrorKind::kInternal, "InternalFailure",
               "the kept " + kind + " is damaged: " + problem};
}

const Role* IamBook::role(const std::string& name) const {
  const auto found = roles_.find(name);
  return found == roles_.end() ? nullptr : &found->second;
}

const ManagedPolicy* IamBook::policy(const std::string& arn) const {
  const auto found = policies_.find(arn);
  return found == policies_.end() ? nullptr : &found->second;
}

size_t IamBook::attachments(const std::string& arn) const {
  return static_cast<size_t>(std::count_if(roles_.begin(), roles_.end(), [&](const auto& each) {
    const auto& all = each.second.attached;
    return std::find(all.begin(), all.end(), arn) != all.end();
  }));
}

size_t IamBook::boundaries(const std::string& arn) const {
  return static_cast<size_t>(std::count_if(
      roles_.begin(), roles_.end(), [&](const auto& each) { return each.second.boundary == arn; }));
}

Result<void> IamBook::put(Role role) {
  if (auto saved = state_.save(kRoleKind, kGlobal, role.name, json_dump(document_of(role))); !saved)
    return saved;
  role_ids_.set(role.arn, role.id);
  const std::string name = role.name;
  roles_[name] = std::move(role);
  return {};
}

Result<void> IamBook::put(ManagedPolicy policy) {
  auto saved = state_.save(kPolicyKind, kGlobal, policy.arn, json_dump(document_of(policy)));
  if (!saved) return saved;
  const std::string arn = policy.arn;
  policies_[arn] = std::move(policy);
  return {};
}

Result<void> IamBook::erase_role(const std::string& name) {
  if (auto erased = state_.erase(kRoleKind, kGlobal, name); !erased) return erased;
  if (const Role* gone = role(name)) role_ids_.erase(gone->arn);
  roles_.erase(name);
  return {};
}

Result<void> IamBook::erase_policy(const std::string& arn) {
  if (auto erased = state_.erase(kPolicyKind, kGlobal, arn); !erased) return erased;
  policies_.erase(arn);
  return {};
}

std::string IamBook::arn(const char* kind, const std::string& path, const std::string& name) const {
  return "arn:aws:iam::" + account_ + ":" + kind + path + name;
}

bool is_aws_policy(const std::string& arn) {
  return is_arn_of(arn, "iam") && arn.find(":iam::aws:policy/") != arn.npos;
}

std::string new_iam_id(const char* prefix) {
  static constexpr char kBase32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  constexpr size_t kDigits = 17;
  const std::string hex = new_hex(2 * kDigits);
  std::string id = prefix;
  for (size_t i = 0; i < kDigits; ++i) {
    const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    id += kBase32[(value(hex[2 * i]) * 16 + value(hex[2 * i + 1])) % 32];
  }
  return id;
}

}  // namespace kiln::services
