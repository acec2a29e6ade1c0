// JSON bodies: an object or an error, and an answer that can be read again.
#include <cstdint>

#include "base/check.h"
#include "wire/json_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kiln;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto document = wire::parse_json_body(text);
  if (document) KILN_CHECK(document->is_object());
  const auto response = wire::json_error({ErrorKind::kInvalid, "X", text}, "id");
  KILN_CHECK(nlohmann::json::accept(response.body));
  if (const auto target = wire::JsonTarget::parse(text)) {
    KILN_CHECK(target->prefix + "." + target->operation == text);
  }
  return 0;
}
