#include "wire/error_document.h"

#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "base/json_access.h"
#include "wire/cbor_protocol.h"

namespace kiln::wire {

std::string error_document(std::string_view content_type, std::string_view body) {
  if (content_type.find("json") != std::string_view::npos) return std::string(body);
  if (content_type == "application/cbor") {
    const auto document = parse_cbor_body(body);
    return document ? json_dump(*document) : std::string();
  }
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) return {};
  const pugi::xml_node root = document.document_element();
  const pugi::xml_node wrapped = root.child("Error");
  const pugi::xml_node error = wrapped ? wrapped : root;
  return json_dump(nlohmann::json{{"__type", error.child_value("Code")},
                                  {"message", error.child_value("Message")}});
}

}  // namespace kiln::wire
