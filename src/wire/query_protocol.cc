#include "wire/query_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <pugixml.hpp>
#include <sstream>

#include "base/ascii.h"
#include "base/json_access.h"
#include "base/json_text.h"
#include "base/time_format.h"
#include "wire/fault_code.h"
#include "wire/rest_json_error.h"

namespace kiln::wire {
namespace {

using std::string_view_literals::operator""sv;

constexpr const char* kXmlType = "text/xml";

// Full seconds have no fraction, as in AWS's answers.
std::string format_epoch(double seconds) {
  std::string text = format_iso_ms(WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::milliseconds(std::llround(seconds * 1000)))));
  if (text.ends_with(".000Z")) text.replace(text.size() - 5, 5, "Z");
  return text;
}

// XML 1.0 has no way to write most control characters, U+FFFE and U+FFFF; what is not UTF-8 would
// end the document for its reader.
std::string xml_text(std::string_view text) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd", kNoCharacters = "\xef\xbf";
  std::string utf8, out;
  append_utf8(utf8, text);
  for (size_t i = 0; i < utf8.size(); ++i) {
    const char c = utf8[i];
    const bool control = c >= 0 && c < 0x20 && c != '\t' && c != '\n' && c != '\r';
    const bool no_character = utf8.compare(i, 2, kNoCharacters) == 0 && utf8[i + 2] >= '\xbe';
    if (control || no_character) out += kReplacement;
    if (no_character) i += 2;
    if (!control && !no_character) out += c;
  }
  return out;
}

// Members are named by the code that answers; one that isn't a name of XML has no place here.
bool is_element_name(std::string_view name) {
  const auto is_letter = [](char c) { return ascii::is_letter(c) || c == '_'; };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return is_letter(c) || ascii::is_digit(c) || c == '-' || c == '.';
         });
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

// A parameter's name is a path into a tree.
struct Node {
  std::string value;
  std::map<std::string, Node, std::less<>> children;
};

constexpr int kMaxQueryDepth = 12;

std::optional<uint32_t> number_of(std::string_view text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

nlohmann::json document_of_node(const Node& node);

// nullopt: not all children are numbers.
std::optional<nlohmann::json> list_of(const Node& node) {
  std::map<uint32_t, const Node*> items;
  for (const auto& [name, child] : node.children) {
    const auto number = number_of(name);
    if (!number) return std::nullopt;
    items[*number] = &child;
  }
  auto list = nlohmann::json::array();
  for (const auto& [number, child] : items) list.push_back(document_of_node(*child));
  return list;
}

nlohmann::json document_of_node(const Node& node) {
  if (node.children.empty()) return node.value;
  if (node.children.size() == 1) {
    const auto& [name, child] = *node.children.begin();
    if ((name == "member" || name == "entry") && !child.children.empty())
      if (auto list = list_of(child)) return *list;
  }
  if (auto list = list_of(node)) return *list;
  auto document = nlohmann::json::object();
  for (const auto& [name, child] : node.children) document[name] = document_of_node(child);
  return document;
}

void add_value(pugi::xml_node parent, const std::string& name, const nlohmann::json& value,
               const XmlAnswer::Style& style);

void add_members(pugi::xml_node parent, const nlohmann::json& object,
                 const XmlAnswer::Style& style) {
  for (const auto& [name, value] : object.items()) add_value(parent, name, value, style);
}

void add_value(pugi::xml_node parent, const std::string& name, const nlohmann::json& value,
               const XmlAnswer::Style& style) {
  if (value.is_null() || !is_element_name(name)) return;
  if (value.is_object() && style.is_map && style.is_map(name)) {
    pugi::xml_node map = parent.append_child(name.c_str());
    for (const auto& [key, inner] : value.items()) {
      pugi::xml_node entry = map.append_child("entry");
      add_text(entry, "key", key);
      add_value(entry, "value", inner, style);
    }
    return;
  }
  if (value.is_object()) return add_members(parent.append_child(name.c_str()), value, style);
  if (value.is_array()) {
    pugi::xml_node list = parent.append_child(name.c_str());
    const bool entries = style.is_entry_list && style.is_entry_list(name);
    const bool times = style.is_time && style.is_time(name);
    for (const auto& item : value) {
      if (times && item.is_number())
        add_text(list, "member", format_epoch(json_number(item)));
      else
        add_value(list, entries ? "entry" : "member", item, style);
    }
    return;
  }
  if (value.is_string()) return add_text(parent, name, json_text(value));
  if (value.is_number() && style.is_time && style.is_time(name))
    return add_text(parent, name, format_epoch(json_number(value)));
  add_text(parent, name, json_dump(value));
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

nlohmann::json QueryRequest::document() const {
  Node root;
  for (const auto& [name, value] : params_.items()) {
    if (name == "Action" || name == "Version" || name.empty()) continue;
    Node* node = &root;
    std::string_view rest = name;
    for (int depth = 0; depth < kMaxQueryDepth && !rest.empty(); ++depth) {
      const size_t dot = rest.find('.');
      node = &node->children[std::string(rest.substr(0, dot))];
      rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
    }
    if (rest.empty()) node->value = value;
  }
  auto document = nlohmann::json::object();
  for (const auto& [name, child] : root.children) document[name] = document_of_node(child);
  return document;
}

namespace {

// The operations whose answers have no result, not even an empty one.
constexpr std::array kWithoutResult = {
    "AddPermission"sv,
    "AttachRolePolicy"sv,
    "CancelUpdateStack"sv,
    "DeleteAlarms"sv,
    "DeletePolicy"sv,
    "DeletePolicyVersion"sv,
    "DeleteRole"sv,
    "DeleteRolePermissionsBoundary"sv,
    "DeleteRolePolicy"sv,
    "DeleteStack"sv,
    "DeleteTopic"sv,
    "DetachRolePolicy"sv,
    "DisableAlarmActions"sv,
    "EnableAlarmActions"sv,
    "PutCompositeAlarm"sv,
    "PutMetricAlarm"sv,
    "PutMetricData"sv,
    "PutRolePermissionsBoundary"sv,
    "PutRolePolicy"sv,
    "RemovePermission"sv,
    "SetAlarmState"sv,
    "SetDefaultPolicyVersion"sv,
    "SetSubscriptionAttributes"sv,
    "SetTopicAttributes"sv,
    "TagPolicy"sv,
    "TagRole"sv,
    "Unsubscribe"sv,
    "UntagPolicy"sv,
    "UntagRole"sv,
    "UpdateAssumeRolePolicy"sv,
};

}  // namespace

struct XmlAnswer::Impl {
  pugi::xml_document document;
  pugi::xml_node root;
  pugi::xml_node result;
};

XmlAnswer::XmlAnswer(const std::string& action, const std::string& xml_namespace)
    : impl_(std::make_unique<Impl>()) {
  impl_->root = impl_->document.append_child((action + "Response").c_str());
  impl_->root.append_attribute("xmlns").set_value(xml_namespace.c_str());
  if (!std::binary_search(kWithoutResult.begin(), kWithoutResult.end(), action))
    impl_->result = impl_->root.append_child((action + "Result").c_str());
}

XmlAnswer::~XmlAnswer() = default;

XmlAnswer& XmlAnswer::add(const std::string& name, const std::string& text) {
  add_text(impl_->result, name, text);
  return *this;
}

XmlAnswer& XmlAnswer::add(const nlohmann::json& document, const Style& style) {
  add_members(impl_->result, document, style);
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
  add_text(node, "Code", fault_code(error, "InternalFailure"));
  if (!error.message.empty()) add_text(node, "Message", error.message);
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
