// libssl, OpenSSL's library of TLS, opened when the first https request is sent.
#pragma once

#include "base/lazy_library.h"

namespace kiln::net {

const LazyLibrary& ssl_library();

}  // namespace kiln::net
