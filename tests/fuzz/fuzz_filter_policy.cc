// Filter policies: what is accepted can be matched, twice alike; a refusal says why. The input is a
// policy, or a policy, a line break, and a message.
#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "notify/filter_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using kiln::notify::FilterPolicy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view message = text.substr(std::min(end + 1, text.size()));
  const std::string value(message);
  const std::vector<kiln::notify::MessageAttribute> attributes = {{"a", "String", value},
                                                                  {"b", "Number", value},
                                                                  {"c", "String.Array", value},
                                                                  {"d", "Binary", value}};
  for (const std::string_view each : {text, text.substr(0, end)}) {
    for (const auto scope :
         {FilterPolicy::Scope::kMessageAttributes, FilterPolicy::Scope::kMessageBody}) {
      const auto policy = FilterPolicy::parse(each, scope);
      if (!policy) {
        KILN_CHECK(policy.error().type == "InvalidParameter");
        KILN_CHECK(policy.error().message.starts_with("Invalid parameter: "));
        continue;
      }
      KILN_CHECK(policy->scope() == scope);
      KILN_CHECK(each.size() <= FilterPolicy::kMaxBytes);
      for (const std::string_view body : {text, message, std::string_view()}) {
        const bool first = policy->matches(body, attributes);
        KILN_CHECK(first == policy->matches(body, attributes));
      }
    }
  }
  return 0;
}
