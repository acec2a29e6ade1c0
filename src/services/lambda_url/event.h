// The event that a function gets for a request to its URL: AWS's payload format 2.0. Pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "model/url_host.h"
#include "net/http_message.h"

namespace kiln::services {

struct UrlCaller {
  const model::UrlHost& host;
  std::string account;    // of the caller; "anonymous" where AuthType is NONE
  std::string source_ip;  // "" when not known
  std::string request_id;
  std::string trace_id;
  WallTime now;
};

// A body that is not text of a text type is passed on in base64.
std::string url_event(const net::Request& request, const UrlCaller& caller);

}  // namespace kiln::services
