#include "services/sts.h"

#include "base/ids.h"
#include "wire/credential_scope.h"

namespace kiln::services {
namespace {

constexpr const char* kNamespace = "https://sts.amazonaws.com/doc/2011-06-15/";
constexpr const char* kPlaceholderKey = "AKIAIOSFODNN7EXAMPLE";  // a caller without credentials

}  // namespace

net::Response StsService::handle(const net::RequestHeader& header,
                                 const wire::QueryRequest& query) const {
  const std::string request_id = new_uuid();
  if (query.action() != "GetCallerIdentity") {
    return wire::query_error(
        {ErrorKind::kInvalid, "InvalidAction",
         "Kiln's STS has no operation " + query.action() + "; it has GetCallerIdentity."},
        request_id, kNamespace);
  }
  const std::string key = wire::CredentialScope::of(header).access_key_id;
  wire::XmlAnswer answer("GetCallerIdentity", kNamespace);
  answer.add("Arn", "arn:aws:iam::" + account_ + ":root");
  answer.add("UserId", key.empty() ? kPlaceholderKey : key);
  answer.add("Account", account_);
  return answer.finish(request_id);
}

}  // namespace kiln::services
