// CBOR bodies: an object or an error; what was read can be written and read again.
#include <cstdint>

#include "base/check.h"
#include "wire/cbor_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kiln;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto document = wire::parse_cbor_body(body);
  if (!document) return 0;
  KILN_CHECK(document->is_object());
  const auto is_time = [](std::string_view member) { return member.ends_with("Time"); };
  const auto again = wire::parse_cbor_body(wire::to_cbor_text(*document, is_time));
  KILN_CHECK(again.ok() && again->is_object() && again->size() == document->size());
  return 0;
}
