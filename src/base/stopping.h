// What a caller is told whose request the engine's end cut short: the one place for its text.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace kiln {

inline constexpr std::string_view kStopping =
    "Kiln is stopping; send the request again when it runs again.";

// `type` is the API's name for a service that is not available. `undone`: "The package was not
// unpacked", what was left where it stands.
inline Error stopping(std::string type, std::string_view undone = {}) {
  std::string message(undone);
  if (!undone.empty()) message += ": ";
  return {ErrorKind::kUnavailable, std::move(type), message.append(kStopping)};
}

}  // namespace kiln
