// The check of payloads: takes what nlohmann's parser takes, apart from what that can't read, and
// leaves the text as it was.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/check.h"
#include "services/lambda/payload_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::string checked = text;
  const bool taken = kiln::services::is_plain_json(checked);
  KILN_CHECK(checked == text);
  if (taken == nlohmann::json::accept(text)) return 0;
  // Numbers beyond a double and halves of surrogate pairs are taken here; byte order marks
  // and what follows a zero byte there.
  const bool other_may_refuse =
      text.find_first_of("eE") != text.npos || text.find("\\u") != text.npos || size > 300;
  const bool may_refuse = text.starts_with("\xef\xbb\xbf") || text.find('\0') != text.npos;
  KILN_CHECK(taken ? other_may_refuse : may_refuse);
  return 0;
}
