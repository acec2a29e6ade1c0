// AWS STS, as much of it as SDKs ask before they deploy: GetCallerIdentity. Every caller is the
// account's root. Thread-safe; answers at once.
#pragma once

#include <string>

#include "net/http_message.h"
#include "wire/query_protocol.h"

namespace kiln::services {

class StsService {
 public:
  explicit StsService(std::string account) : account_(std::move(account)) {}

  net::Response handle(const net::RequestHeader& header, const wire::QueryRequest& query) const;

 private:
  std::string account_;
};

}  // namespace kiln::services
