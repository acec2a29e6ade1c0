#include "services/sts/service.h"

#include <algorithm>
#include <charconv>

#include "base/arn.h"
#include "base/ascii.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/json_access.h"
#include "base/mutex.h"
#include "base/time_format.h"
#include "model/function_session.h"
#include "model/violations.h"
#include "services/sts/members.h"
#include "wire/credential_scope.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr const char* kNamespace = "https://sts.amazonaws.com/doc/2011-06-15/";
constexpr const char* kPlaceholderKey = "AKIAIOSFODNN7EXAMPLE";  // a caller without credentials
constexpr size_t kMaxSessions = 1000;
constexpr int64_t kMaxTokenBytes = 4096;

struct Seconds {
  int64_t standard;
  int64_t least;
  int64_t most;
};
constexpr Seconds kRoleSeconds{3600, 900, 43'200};
constexpr Seconds kTokenSeconds{43'200, 900, 129'600};

Error validation_error(std::string message) {
  return {ErrorKind::kInvalid, "ValidationError", std::move(message)};
}

constexpr size_t kKeyCharacters = 16;
constexpr size_t kRoleCharacters = 17;

// Characters as in AWS's ids; the same for the same `of`.
std::string id_of(const std::string& of, size_t characters) {
  static constexpr char kBase32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const std::string hex = sha256_hex(of);
  std::string id;
  for (size_t i = 0; i < characters; ++i) id += kBase32[(hex[2 * i] * 7 + hex[2 * i + 1]) % 32];
  return id;
}

struct Role {
  std::string arn_start;  // "arn:aws"
  std::string account;
  std::string name;  // without its path
};

// arn:aws:iam::ACCOUNT:role/PATH/NAME
std::optional<Role> parse_role(std::string_view arn) {
  constexpr std::string_view kService = ":iam::", kRole = ":role/";
  const size_t at = is_arn_of(arn, "iam") ? arn.find(kService) : std::string_view::npos;
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view partition = arn.substr(0, at);
  arn.remove_prefix(at + kService.size());
  const std::string_view account = arn.substr(0, 12);
  const std::string_view rest = arn.substr(std::min<size_t>(arn.size(), 12));
  const auto is_digit = ascii::is_digit;
  if (account.size() != 12 || !std::all_of(account.begin(), account.end(), is_digit) ||
      !rest.starts_with(kRole) || rest.size() == kRole.size() || rest.ends_with('/'))
    return std::nullopt;
  return Role{std::string(partition), std::string(account),
              std::string(rest.substr(rest.rfind('/') + 1))};
}

std::string session_arn(const Role& role, const std::string& name) {
  return role.arn_start + ":sts::" + role.account + ":assumed-role/" + role.name + "/" + name;
}

void check_length(std::string_view value, const char* member, size_t least, size_t most,
                  model::Violations& violations) {
  if (value.empty()) return violations.add_missing(member);
  violations.check_length(value, member, least, most);
}

bool is_session_character(char c) {
  return ascii::is_alnum(c) || std::string_view("_+=,.@-").find(c) != std::string_view::npos;
}

// The number that a parameter says; `otherwise` where it isn't there.
Result<int64_t> read_number(const wire::QueryRequest& query, const char* name, int64_t otherwise) {
  const std::string_view text = query.get(name);
  if (text.empty()) return otherwise;
  int64_t number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc() || end != text.data() + text.size())
    return Error{ErrorKind::kInvalid, "MalformedInput",
                 std::string(name) + " '" + std::string(text.substr(0, 40)) + "' is not a number."};
  return number;
}

Result<Duration> read_duration(const wire::QueryRequest& query, const Seconds& limits,
                               model::Violations& violations) {
  const auto seconds = read_number(query, "DurationSeconds", limits.standard);
  if (!seconds) return seconds.error();
  if (!query.get("DurationSeconds").empty())
    violations.check_range(*seconds, "durationSeconds", limits.least, limits.most);
  return Duration(std::chrono::seconds(*seconds));
}

// The least bytes of the session token.
Result<size_t> read_token_size(const wire::QueryRequest& query, model::Violations& violations) {
  const auto size = read_number(query, "MinimumSessionTokenSize", 0);
  if (!size) return size.error();
  violations.check_range(*size, "minimumSessionTokenSize", 0, kMaxTokenBytes);
  return static_cast<size_t>(*size);
}

Result<void> found(const model::Violations& violations) {
  const auto error = violations.error();
  if (!error) return {};
  return validation_error(error->message);
}

json new_credentials(const std::string& key, WallTime expires, size_t token_bytes) {
  std::string token = "kiln";
  const size_t least = token_bytes / 4 * 3;  // in base64 they are a third more
  for (int i = 0; i < 4 || token.size() < least + 3; ++i) token += new_hex(32);
  return {{"AccessKeyId", key},
          {"SecretAccessKey", base64_encode(new_hex(15))},
          {"SessionToken", base64_encode(token)},
          {"Expiration", format_iso_ms(expires)}};
}

// The keys of transitive tags, those of the calling session among them.
Result<std::set<std::string>> read_tags(const wire::QueryRequest& query,
                                        std::set<std::string> inherited) {
  const auto refused = [](const char* text) {
    return Error{ErrorKind::kInvalid, "InvalidParameterValue", text};
  };
  const json document = query.document();
  std::set<std::string> keys;
  if (const auto tags = document.find("Tags"); tags != document.end() && tags->is_array())
    for (const json& tag : *tags) {
      const auto key = tag.is_object() ? tag.find("Key") : tag.end();
      if (!tag.is_object() || key == tag.end() || !key->is_string()) continue;
      const std::string lower = ascii::lower(json_text(*key));
      if (!keys.insert(lower).second)
        return refused("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
      if (inherited.contains(lower))
        return refused(
            "One of the specified transitive tag keys can't be set because it conflicts with a "
            "transitive tag key from the calling session.");
    }
  const auto transitive = document.find("TransitiveTagKeys");
  if (transitive == document.end() || !transitive->is_array()) return inherited;
  for (const json& key : *transitive) {
    const std::string lower = ascii::lower(json_text(key));
    if (!keys.contains(lower))
      return refused("The specified transitive tag key must be included in the requested tags.");
    inherited.insert(lower);
  }
  return inherited;
}

std::string_view session_token_of(const net::RequestHeader& header) {
  const auto token = header["X-Amz-Security-Token"];
  return {token.data(), token.size()};
}

std::string new_key() { return "ASIA" + id_of(new_hex(16), kKeyCharacters); }

}  // namespace

std::string StsService::role_id(const std::string& arn) const {
  // IAM's ARNs are those of the partition aws; a role is in one partition only.
  const size_t at = arn.find(":iam::");
  std::string id = role_ids_.find("arn:aws" + arn.substr(std::min(at, arn.size())));
  return id.empty() ? "AROA" + id_of(arn, kRoleCharacters) : id;
}

void StsService::remember(const std::string& key, Session session) {
  const MutexLock lock(mutex_);
  sessions_[key] = std::move(session);
  oldest_first_.push_back(key);
  if (oldest_first_.size() <= kMaxSessions) return;
  sessions_.erase(oldest_first_.front());
  oldest_first_.pop_front();
}

Result<net::Response> StsService::get_caller_identity(const wire::CredentialScope& scope,
                                                      std::string_view token,
                                                      const std::string& id) {
  std::string arn = global_arn_start("iam", scope.region) + account_ + ":root";
  const std::string& key = scope.access_key_id;
  std::string user_id = key.empty() ? kPlaceholderKey : key;
  const auto function = model::read_session_token(token);
  const auto role = function ? parse_role(function->role_arn) : std::nullopt;
  if (role) {
    // A session's name has two characters at least.
    const std::string name = function->function.size() == 1
                                 ? function->function + "@lambda_function"
                                 : function->function;
    arn = session_arn(*role, name);
    user_id = role_id(function->role_arn) + ":" + name;
  } else {
    const MutexLock lock(mutex_);
    const auto session = sessions_.find(key);
    if (session != sessions_.end()) {
      if (session->second.expires <= clock_.wall_now())
        return Error{ErrorKind::kForbidden, "ExpiredToken",
                     "The security token included in the request is expired"};
      arn = session->second.arn;
      user_id = session->second.user_id;
    }
  }
  const size_t at = arn.find("::") + 2;
  wire::XmlAnswer answer("GetCallerIdentity", kNamespace);
  answer.add("Arn", arn).add("UserId", user_id).add("Account", arn.substr(at, 12));
  return answer.finish(id);
}

std::set<std::string> StsService::transitive_tags_of(const std::string& caller) {
  const MutexLock lock(mutex_);
  const auto session = sessions_.find(caller);
  return session == sessions_.end() ? std::set<std::string>() : session->second.transitive_tags;
}

Result<net::Response> StsService::assume_role(const wire::QueryRequest& query,
                                              const std::string& caller, const std::string& id) {
  const std::string arn(query.get("RoleArn")), name(query.get("RoleSessionName"));
  model::Violations violations;
  check_length(arn, "roleArn", 20, 2048, violations);
  check_length(name, "roleSessionName", 2, 64, violations);
  if (!std::all_of(name.begin(), name.end(), is_session_character))
    violations.add(name.substr(0, 100), "roleSessionName",
                   "Member must satisfy regular expression pattern: [\\w+=,.@-]*");
  const auto duration = read_duration(query, kRoleSeconds, violations);
  if (!duration) return duration.error();
  const auto token_size = read_token_size(query, violations);
  if (!token_size) return token_size.error();
  if (auto valid = found(violations); !valid) return valid.error();
  const auto role = parse_role(arn);
  if (!role) return validation_error(arn.substr(0, 300) + " is invalid");
  auto transitive = read_tags(query, transitive_tags_of(caller));
  if (!transitive) return transitive.error();

  const WallTime expires =
      clock_.wall_now() + std::chrono::duration_cast<WallTime::duration>(*duration);
  const std::string key = new_key();
  Session session{session_arn(*role, name), role_id(arn) + ":" + name, expires,
                  std::move(*transitive)};
  wire::XmlAnswer answer("AssumeRole", kNamespace);
  json result = {{"Credentials", new_credentials(key, expires, *token_size)},
                 {"AssumedRoleUser", {{"AssumedRoleId", session.user_id}, {"Arn", session.arn}}}};
  // As recorded: only of a session that was given something to pack.
  const json given = query.document();
  if (given.contains("Policy") || given.contains("PolicyArns") || given.contains("Tags"))
    result["PackedPolicySize"] = 0;
  answer.add(result, {});
  remember(key, std::move(session));
  return answer.finish(id);
}

Result<net::Response> StsService::get_session_token(const wire::QueryRequest& query,
                                                    const std::string& id) {
  model::Violations violations;
  const auto duration = read_duration(query, kTokenSeconds, violations);
  if (!duration) return duration.error();
  const auto token_size = read_token_size(query, violations);
  if (!token_size) return token_size.error();
  if (auto valid = found(violations); !valid) return valid.error();
  const WallTime expires =
      clock_.wall_now() + std::chrono::duration_cast<WallTime::duration>(*duration);
  wire::XmlAnswer answer("GetSessionToken", kNamespace);
  answer.add({{"Credentials", new_credentials(new_key(), expires, *token_size)}}, {});
  return answer.finish(id);
}

bool StsService::is_role_session(const net::RequestHeader& header) {
  if (model::read_session_token(session_token_of(header))) return true;
  const std::string key = wire::CredentialScope::of(header).access_key_id;
  const MutexLock lock(mutex_);
  return sessions_.contains(key);
}

net::Response StsService::handle(const net::RequestHeader& header,
                                 const wire::QueryRequest& query) {
  const std::string request_id = new_uuid(), &action = query.action();
  if (auto known = check_members(sts_members(), action, query_input(query), "ValidationError");
      !known)
    return wire::query_error(known.error(), request_id, kNamespace);
  auto answer =
      action == "GetCallerIdentity" ? get_caller_identity(wire::CredentialScope::of(header),
                                                          session_token_of(header), request_id)
      : action == "AssumeRole"
          ? assume_role(query, wire::CredentialScope::of(header).access_key_id, request_id)
      : action == "GetSessionToken" ? get_session_token(query, request_id)
                                    : Error{ErrorKind::kInvalid, "InvalidAction",
                                            "Kiln's STS has no operation " + action +
                                                "; it has GetCallerIdentity, AssumeRole and "
                                                "GetSessionToken."};
  if (!answer) return wire::query_error(answer.error(), request_id, kNamespace);
  return std::move(*answer);
}

}  // namespace kiln::services
