#include "wire/query_protocol.h"

#include <charconv>
#include <map>
#include <pugixml.hpp>
#include <sstream>

#include "wire/rest_json_error.h"

namespace kiln::wire {
namespace {

constexpr const char* kXmlType = "text/xml";

// XML 1.0 has no way to write most control characters; what is not UTF-8 would end the document for
// its reader.
std::string xml_text(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    size_t size = lead < 0x80                   ? 1
                  : lead >= 0xc2 && lead < 0xe0 ? 2
                  : lead >= 0xe0 && lead < 0xf0 ? 3
                  : lead >= 0xf0 && lead < 0xf5 ? 4
                                                : 0;
    bool good = size != 0 && i + size <= text.size();
    for (size_t k = 1; good && k < size; ++k) {
      good = (static_cast<unsigned char>(text[i + k]) & 0xc0) == 0x80;
    }
    if (good && lead < 0x20 && lead != '\t' && lead != '\n' && lead != '\r') good = false;
    if (good) {
      out += text.substr(i, size);
      i += size;
    } else {
      out += "\xEF\xBF\xBD";
      ++i;
    }
  }
  return out;
}

void add_text(pugi::xml_node parent, const std::string& name, std::string_view text) {
  parent.append_child(name.c_str()).text().set(xml_text(text).c_str());
}

net::Response xml_response(const pugi::xml_document& document, unsigned status,
                           const std::string& request_id) {
  std::ostringstream out;
  document.save(out, "", pugi::format_raw | pugi::format_no_declaration);
  net::Response response;
  response.status = status;
  response.content_type = kXmlType;
  response.headers = {{"x-amzn-RequestId", request_id}};
  response.body = out.str();
  return response;
}

// The N of "PREFIX.N" or "PREFIX.N.rest"; `rest` gets what stands behind it. nullopt: no such name.
std::optional<uint32_t> item_number(std::string_view name, std::string_view prefix,
                                    std::string_view& rest) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || number == 0) return std::nullopt;
  name.remove_prefix(static_cast<size_t>(end - name.data()));
  if (!name.empty() && name.front() != '.') return std::nullopt;
  rest = name.empty() ? name : name.substr(1);
  return number;
}

std::string item_prefix(std::string_view name, std::string_view item) {
  return std::string(name) + "." + (item.empty() ? "" : std::string(item) + ".");
}

}  // namespace

std::optional<QueryRequest> QueryRequest::parse(std::string_view form) {
  QueryRequest request;
  request.params_ = QueryParams::parse(form);
  const auto action = request.params_.find("Action");
  if (!action || action->empty()) return std::nullopt;
  request.action_ = *action;
  request.version_ = request.params_.get("Version");
  return request;
}

std::vector<std::string> QueryRequest::list(std::string_view name, std::string_view item) const {
  const std::string prefix = item_prefix(name, item);
  std::map<uint32_t, std::string> found;
  for (const auto& [key, value] : params_.items()) {
    std::string_view rest;
    const auto number = item_number(key, prefix, rest);
    if (number && rest.empty()) found.emplace(*number, value);
  }
  std::vector<std::string> values;
  for (auto& [number, value] : found) values.push_back(std::move(value));
  return values;
}

std::vector<QueryRequest> QueryRequest::structures(std::string_view name,
                                                   std::string_view item) const {
  const std::string prefix = item_prefix(name, item);
  std::map<uint32_t, QueryRequest> found;
  for (const auto& [key, value] : params_.items()) {
    std::string_view rest;
    const auto number = item_number(key, prefix, rest);
    if (number && !rest.empty()) found[*number].params_.add(std::string(rest), value);
  }
  std::vector<QueryRequest> requests;
  for (auto& [number, request] : found) requests.push_back(std::move(request));
  return requests;
}

struct XmlAnswer::Impl {
  pugi::xml_document document;
  pugi::xml_node root;
  pugi::xml_node result;
};

XmlAnswer::XmlAnswer(const std::string& action, const std::string& xml_namespace)
    : impl_(std::make_unique<Impl>()) {
  impl_->root = impl_->document.append_child((action + "Response").c_str());
  impl_->root.append_attribute("xmlns").set_value(xml_namespace.c_str());
  impl_->result = impl_->root.append_child((action + "Result").c_str());
}

XmlAnswer::~XmlAnswer() = default;

XmlAnswer& XmlAnswer::add(const std::string& name, const std::string& text) {
  add_text(impl_->result, name, text);
  return *this;
}

net::Response XmlAnswer::finish(const std::string& request_id) {
  add_text(impl_->root.append_child("ResponseMetadata"), "RequestId", request_id);
  return xml_response(impl_->document, 200, request_id);
}

net::Response query_error(const Error& error, const std::string& request_id,
                          const std::string& xml_namespace) {
  const unsigned status = http_status(error.kind);
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("ErrorResponse");
  if (!xml_namespace.empty()) root.append_attribute("xmlns").set_value(xml_namespace.c_str());
  pugi::xml_node node = root.append_child("Error");
  add_text(node, "Type", status >= 500 ? "Receiver" : "Sender");
  add_text(node, "Code", error.type.empty() ? "InternalFailure" : error.type);
  add_text(node, "Message", error.message);
  add_text(root, "RequestId", request_id);
  return xml_response(document, status, request_id);
}

net::Response rest_xml_error(unsigned status, const Error& error, const std::string& request_id) {
  pugi::xml_document document;
  pugi::xml_node node = document.append_child("Error");
  add_text(node, "Code", error.type);
  add_text(node, "Message", error.message);
  add_text(node, "RequestId", request_id);
  net::Response response = xml_response(document, status, request_id);
  response.content_type = "application/xml";
  response.headers.emplace_back("x-amz-request-id", request_id);
  return response;
}

}  // namespace kiln::wire
