// libcrypto, OpenSSL's library of digests and certificates, opened when it is first called.
#pragma once

#include <new>

#include "base/lazy_library.h"

namespace kiln {

const LazyLibrary& crypto_library();

// Of a digest's call, which fails only where there is no memory: throws std::bad_alloc then.
inline void digest_done(int result) {
  if (result != 1) throw std::bad_alloc();
}

}  // namespace kiln
