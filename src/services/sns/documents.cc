#include "services/sns/documents.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "notify/message_checks.h"
#include "notify/sns_error.h"
#include "wire/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr size_t kPageSize = 100;

Error bad_value(const std::string& text) {
  return {ErrorKind::kInvalid, "ParameterValueInvalid", text};
}

// The value of one attribute: text or binary, as its type wants.
Result<std::string> read_value(const std::string& name, const std::string& type,
                               const json& value) {
  wire::Fields in(value);
  const std::string text = in.text("StringValue");
  const std::string binary = in.text("BinaryValue");
  if (type.starts_with("Binary")) {
    if (!text.empty())
      return bad_value("The message attribute '" + name + "' with type '" + type +
                       "' must use field 'Binary'.");
    return binary;
  }
  if (!binary.empty() && (type.starts_with("String") || type.starts_with("Number")))
    return bad_value("The message attribute '" + name + "' with type '" + type +
                     "' must use field 'String'.");
  return text;
}

}  // namespace

Result<notify::Attributes> read_entries(const json& input, const char* member, const char* key_name,
                                        const char* value_name) {
  wire::Fields in(input);
  notify::Attributes out;
  for (const json& entry : in.list(member)) {
    wire::Fields fields(entry);
    const std::string key = fields.text(key_name);
    if (!out.emplace(key, fields.text(value_name)).second)
      return notify::invalid_parameter("Duplicated keys are not allowed.");
    if (!fields.status()) return fields.status().error();
  }
  if (!in.status()) return in.status().error();
  return out;
}

json to_entries(const notify::Attributes& attributes) {
  json out = json::array();
  for (const auto& [key, value] : attributes) out.push_back({{"key", key}, {"value", value}});
  return out;
}

Result<wire::KeyPage> read_page(const json& input, const std::vector<std::string>& keys) {
  wire::Fields in(input);
  auto page = wire::key_page(keys, in.text("NextToken"), kPageSize);
  if (!page) return notify::invalid_parameter("NextToken");
  return std::move(*page);
}

Result<notify::Message> read_message(const json& input, const std::string& path) {
  wire::Fields in(input);
  notify::Message message;
  message.text = in.text("Message");
  if (in.has("Subject")) message.subject = in.text("Subject");
  const std::string structure = in.text("MessageStructure");
  if (structure == "json")
    message.structure = notify::Message::Structure::kJson;
  else if (!structure.empty())
    return notify::invalid_parameter("MessageStructure Reason: must be json, not " + structure);
  for (const json& entry : in.list("MessageAttributes")) {
    wire::Fields fields(entry);
    notify::MessageAttribute attribute;
    attribute.name = fields.text("Name");
    const json none = json::object();
    const json* value = fields.find("Value");
    wire::Fields inner(value ? *value : none);
    if (!inner.has("DataType"))
      return Error{ErrorKind::kInvalid, "ValidationError",
                   "1 validation error detected: Value null at '" + path + "messageAttributes." +
                       attribute.name +
                       ".member.dataType' failed to satisfy constraint: Member must not be null"};
    attribute.type = inner.text("DataType");
    auto text = read_value(attribute.name, attribute.type, value ? *value : none);
    if (!text) return text.error();
    attribute.value = std::move(*text);
    if (!inner.status()) return inner.status().error();
    message.attributes.push_back(std::move(attribute));
  }
  if (!in.status()) return in.status().error();
  if (auto checked = notify::check_message(message); !checked) return checked.error();
  return message;
}

}  // namespace kiln::services
