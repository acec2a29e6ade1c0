// A Region from a request becomes part of ARNs and file names: it must always be a plain name.
#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "wire/credential_scope.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // The first line is the Authorization header, the second the target.
  const size_t line = text.find('\n');
  const auto scope = kiln::wire::CredentialScope::parse(
      text.substr(0, line), line == std::string_view::npos ? "/" : text.substr(line + 1));
  KILN_CHECK(!scope.region.empty() && scope.region.size() <= 64);
  for (const std::string& name : {scope.region, scope.service}) {
    KILN_CHECK(std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    }));
  }
  return 0;
}
