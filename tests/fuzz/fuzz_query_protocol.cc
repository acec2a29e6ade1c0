// Forms of the query protocol, and answers that repeat what stood in them: always well-formed XML.
#include <cstdint>
#include <pugixml.hpp>

#include "base/check.h"
#include "wire/query_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kiln;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto check_xml = [](const std::string& body) {
    pugi::xml_document document;
    KILN_CHECK(document.load_buffer(body.data(), body.size()));
  };
  std::string echoed = text;
  if (const auto request = wire::QueryRequest::parse(text)) {
    KILN_CHECK(!request->action().empty());
    echoed = request->action();
    check_xml(wire::XmlAnswer("A", "urn:a").add(request->document(), {}).finish("id").body);
  }
  check_xml(wire::query_error({ErrorKind::kInvalid, "InvalidAction", echoed}, "id").body);
  check_xml(wire::XmlAnswer("A", "urn:a").add("B", echoed).finish("id").body);
  return 0;
}
