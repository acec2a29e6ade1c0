#include "services/lambda/fields.h"

#include "base/json_access.h"

namespace kiln::services {

using nlohmann::json;

const json* Fields::find(const char* name) const {
  if (!document_.is_object()) return nullptr;
  const auto it = document_.find(name);
  return it == document_.end() || it->is_null() ? nullptr : &*it;
}

void Fields::wrong_type(const std::string& name, const json& value, const char* wanted) {
  if (error_) return;
  error_ = Error{ErrorKind::kInvalid, "SerializationException",
                 "'" + name + "' is of type " + value.type_name() + "; it must be " + wanted + "."};
}

std::optional<std::string> Fields::text(const char* name) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return json_text(*value);
  wrong_type(name, *value, "a string");
  return std::nullopt;
}

std::optional<int> Fields::integer(const char* name) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  constexpr int64_t kMost = 2'147'483'647;
  const bool fits =
      value->is_number_integer() && json_integer(*value) >= -kMost && json_integer(*value) <= kMost;
  if (fits) return json_integer<int>(*value);
  wrong_type(name, *value, "an integer of 32 bits");
  return std::nullopt;
}

bool Fields::flag(const char* name) {
  const json* value = find(name);
  if (value == nullptr) return false;
  if (value->is_boolean()) return json_flag(*value);
  wrong_type(name, *value, "true or false");
  return false;
}

std::optional<std::vector<std::string>> Fields::texts(const char* name) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::vector<std::string> out;
  if (!value->is_array()) {
    wrong_type(name, *value, "a list of strings");
    return std::nullopt;
  }
  for (const json& one : *value) {
    if (!one.is_string()) {
      wrong_type(std::string(name) + " entry", one, "a string");
      return std::nullopt;
    }
    out.push_back(json_text(one));
  }
  return out;
}

std::optional<std::map<std::string, std::string>> Fields::text_map(const char* name) {
  const json* value = object(name);
  if (value == nullptr) return std::nullopt;
  std::map<std::string, std::string> out;
  for (const auto& [key, one] : value->items()) {
    if (!one.is_string()) {
      wrong_type(std::string(name) + "." + key, one, "a string");
      return std::nullopt;
    }
    out[key] = json_text(one);
  }
  return out;
}

std::optional<std::map<std::string, double>> Fields::number_map(const char* name) {
  const json* value = object(name);
  if (value == nullptr) return std::nullopt;
  std::map<std::string, double> out;
  for (const auto& [key, one] : value->items()) {
    if (!one.is_number()) {
      wrong_type(std::string(name) + "." + key, one, "a number");
      return std::nullopt;
    }
    out[key] = json_number(one);
  }
  return out;
}

const json* Fields::object(const char* name) {
  const json* value = find(name);
  if (value == nullptr || value->is_object()) return value;
  wrong_type(name, *value, "an object");
  return nullptr;
}

bool Fields::says(const char* name) const {
  const json* value = find(name);
  return value != nullptr && !value->empty() && *value != "";
}

Result<void> Fields::result() const {
  if (error_) return *error_;
  return {};
}

}  // namespace kiln::services
