// AWS STS, as much of it as SDKs and CDK ask before they deploy: GetCallerIdentity, AssumeRole,
// GetSessionToken. Every role may be assumed by everyone; what is given opens nothing more than no
// credentials do. A caller with the key of an assumed role is that role's session until it expires
// or Kiln ends, a function is the session of its own role, every other caller is the account's
// root.
//
// Thread-safe; answers at once. Remembers the latest sessions, a thousand at most.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "net/http_message.h"
#include "services/driver/role_ids.h"
#include "wire/credential_scope.h"
#include "wire/query_protocol.h"

namespace kiln::services {

class StsService {
 public:
  // `clock` and `role_ids` outlive this.
  StsService(std::string account, const Clock& clock, const RoleIds& role_ids)
      : account_(std::move(account)), clock_(clock), role_ids_(role_ids) {}

  net::Response handle(const net::RequestHeader& header, const wire::QueryRequest& query);
  // Whether the caller is a role's session: a function, or who has the key of an assumed role.
  // Thread-safe.
  bool is_role_session(const net::RequestHeader& header);

 private:
  struct Session {
    std::string arn;
    std::string user_id;
    WallTime expires;
    std::set<std::string> transitive_tags;  // keys, in lower case
  };

  Result<net::Response> get_caller_identity(const wire::CredentialScope& scope,
                                            std::string_view token, const std::string& id);
  Result<net::Response> assume_role(const wire::QueryRequest& query, const std::string& caller,
                                    const std::string& id);
  // Of the session of `caller`, an access key id.
  std::set<std::string> transitive_tags_of(const std::string& caller);
  Result<net::Response> get_session_token(const wire::QueryRequest& query, const std::string& id);
  void remember(const std::string& key, Session session);
  // IAM's id of the role; one of its own, always the same, for a role that IAM has not.
  std::string role_id(const std::string& arn) const;

  const std::string account_;
  const Clock& clock_;
  const RoleIds& role_ids_;
  Mutex mutex_;
  std::map<std::string, Session> sessions_ KILN_GUARDED_BY(mutex_);  // by access key id
  std::deque<std::string> oldest_first_ KILN_GUARDED_BY(mutex_);     // its keys
};

}  // namespace kiln::services
