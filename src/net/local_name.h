// Names below localhost, such as those of function URLs.
#pragma once

#include <string>

#include "base/ascii.h"

namespace kiln::net {

// The address to connect to: names below localhost are this machine, whether or not its resolver
// knows them; every other host is itself.
inline std::string host_to_connect(const std::string& host) {
  return ascii::lower(host).ends_with(".localhost") ? "127.0.0.1" : host;
}

}  // namespace kiln::net
