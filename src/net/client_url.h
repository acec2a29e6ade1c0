// http://HOST[:PORT][/PATH][?QUERY], taken apart. A fragment is left out; user names are refused.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kiln::net {

struct ClientUrl {
  enum class Scheme { kHttp, kHttps };
  Scheme scheme = Scheme::kHttp;
  std::string host;    // an IPv6 address without its brackets
  std::string port;    // decimal
  std::string target;  // starts with /

  static Result<ClientUrl> parse(std::string_view url);
  std::string host_header() const;
};

}  // namespace kiln::net
