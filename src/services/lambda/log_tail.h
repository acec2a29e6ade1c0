// The end of an invocation's log, as Invoke gives it back. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/digest.h"

namespace kiln::services {

// The last 4 KiB of `log`, in base64.
inline std::string log_tail_in_base64(std::string_view log) {
  constexpr size_t kTail = 4096;
  return base64_encode(log.size() > kTail ? log.substr(log.size() - kTail) : log);
}

}  // namespace kiln::services
