// Filter patterns: what is accepted can be matched; a refusal says why.
#include <cstdint>

#include "base/check.h"
#include "services/filter_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto pattern = kiln::services::FilterPattern::parse(text);
  if (pattern) {
    (void)pattern->matches(text);
    (void)pattern->matches("");
  } else {
    KILN_CHECK(pattern.error().type == "InvalidParameterException");
    KILN_CHECK(!pattern.error().message.empty());
  }
  return 0;
}
