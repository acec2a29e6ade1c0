// Request targets: no empty segments, and encoding is undone by decoding.
#include <cstdint>

#include "base/check.h"
#include "wire/uri.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kiln::wire;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Uri uri = Uri::parse(text);
  for (const std::string& segment : uri.segments) KILN_CHECK(!segment.empty());
  KILN_CHECK(uri.path().starts_with('/'));
  for (const auto& [name, value] : uri.query.items()) {
    KILN_CHECK(uri.query.find(name).has_value() && !uri.query.all(name).empty());
  }
  KILN_CHECK(percent_decode(percent_encode(text)) == text);
  KILN_CHECK(percent_decode(text).size() <= text.size());
  return 0;
}
