// Filter patterns: what is accepted can be matched; a refusal says why. The input is a pattern, or
// a pattern, a line break, and a message.
#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "logs/filter_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view message = text.substr(std::min(end + 1, text.size()));
  for (const std::string_view each : {text, text.substr(0, end)}) {
    const auto pattern = kiln::logs::FilterPattern::parse(each);
    if (!pattern) {
      KILN_CHECK(pattern.error().type == "InvalidParameterException");
      KILN_CHECK(pattern.error().message.starts_with("Invalid "));
      continue;
    }
    for (const std::string_view subject : {text, message, std::string_view()}) {
      const bool first = pattern->matches(subject);
      KILN_CHECK(first == pattern->matches(subject));
    }
  }
  return 0;
}
