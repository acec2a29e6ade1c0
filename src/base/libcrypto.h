// libcrypto, OpenSSL's library of digests and certificates, opened when it is first called.
#pragma once

#include "base/lazy_library.h"

namespace kiln {

const LazyLibrary& crypto_library();

}  // namespace kiln
