#include "base/document_reader.h"

#include "base/json_access.h"

namespace kiln {

using nlohmann::json;

const json* DocumentReader::find(std::string_view name) const {
  if (!document_.is_object()) return nullptr;
  const auto found = document_.find(name);
  return found == document_.end() ? nullptr : &*found;
}

const json& DocumentReader::member(std::string_view name) const {
  return json_member(document_, name);
}

void DocumentReader::fail(std::string_view name) const {
  if (!problem_.empty()) return;
  if (document_.is_discarded()) {
    problem_ = "it is no JSON";
    return;
  }
  if (!document_.is_object()) {
    problem_ = std::string("it is not an object but of type ") + document_.type_name();
    return;
  }
  const json* found = find(name);
  problem_ = "its member \"" + std::string(name) + "\" is " +
             (found ? std::string("of the wrong type (") + found->type_name() + ")" : "missing");
}

void DocumentReader::fail_item(size_t index) const {
  if (problem_.empty())
    problem_ = "element " + std::to_string(index) + " of a list is missing or of the wrong type";
}

DocumentReader DocumentReader::object(std::string_view name) const {
  if (!member(name).is_object()) fail(name);
  return {member(name), problem_};
}

std::vector<DocumentReader> DocumentReader::list(std::string_view name) const {
  std::vector<DocumentReader> out;
  const json& items = member(name);
  if (!items.is_array()) {
    fail(name);
    return out;
  }
  out.reserve(items.size());
  for (const json& item : items) out.emplace_back(item, problem_);
  return out;
}

std::vector<std::pair<std::string, DocumentReader>> DocumentReader::members(
    std::string_view name) const {
  std::vector<std::pair<std::string, DocumentReader>> out;
  const json& object = member(name);
  if (!object.is_object()) {
    fail(name);
    return out;
  }
  for (const auto& [key, value] : object.items())
    out.emplace_back(key, DocumentReader(value, problem_));
  return out;
}

bool DocumentReader::from(const json& value, bool& out) {
  out = json_flag(value);
  return value.is_boolean();
}

bool DocumentReader::from(const json& value, double& out) {
  out = json_number(value);
  return value.is_number();
}

bool DocumentReader::from(const json& value, std::string& out) {
  out = json_text(value);
  return value.is_string();
}

bool DocumentReader::from(const json& value, json& out) {
  out = value;
  return true;
}

bool DocumentReader::from(const json& value, WallTime& out) {
  out = WallTime(std::chrono::milliseconds(json_whole(value)));
  return value.is_number();
}

bool DocumentReader::whole(const json& value, int64_t& out) {
  out = json_whole(value);
  return value.is_number() && (out != INT64_MAX || value == INT64_MAX);
}

bool DocumentReader::whole(const json& value, uint64_t& out) {
  if (const auto* large = value.get_ptr<const uint64_t*>()) {
    out = *large;
    return true;
  }
  const int64_t number = json_whole(value);
  out = static_cast<uint64_t>(number);
  return value.is_number() && number >= 0;
}

}  // namespace kiln
