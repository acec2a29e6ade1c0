#include "wire/xml_document.h"

#include <pugixml.hpp>

namespace kiln::wire {
namespace {

using nlohmann::json;

constexpr int kMaxXmlDepth = 64;

json document_of_xml(pugi::xml_node node, int depth) {
  const pugi::xml_node first = node.first_child();
  if (!first || depth > kMaxXmlDepth) return "";
  if (first.type() == pugi::node_pcdata || first.type() == pugi::node_cdata)
    return node.text().get();
  if (std::string_view(first.name()) == "member") {
    json list = json::array();
    for (const auto child : node.children()) list.push_back(document_of_xml(child, depth + 1));
    return list;
  }
  json object = json::object();
  for (const auto child : node.children()) object[child.name()] = document_of_xml(child, depth + 1);
  return object;
}

}  // namespace

json query_result(const std::string& action, std::string_view xml) {
  pugi::xml_document document;
  document.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
  json result = document_of_xml(document.first_child().child((action + "Result").c_str()), 0);
  return result.is_object() ? std::move(result) : json::object();
}

Error xml_error(ErrorKind kind, std::string_view xml) {
  pugi::xml_document document;
  document.load_buffer(xml.data(), xml.size());
  const auto error = document.select_node("//Error").node();
  return {kind, error.child("Code").text().get(), error.child("Message").text().get()};
}

}  // namespace kiln::wire
