#include "stack/resource_type.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include "base/json_access.h"
#include "stack/custom_resource.h"
#include "stack/iam_types.h"
#include "stack/names.h"
#include "template/evaluate.h"

namespace kiln::stack {
namespace {

using nlohmann::json;
constexpr std::chrono::milliseconds kLongestPause(100);

using Types = std::map<std::string_view, const ResourceType*>;

const Types& types() {
  static const Types all = [] {
    Types found;
    for (const auto group :
         {lambda_function_types(), lambda_version_types(), lambda_types(), scaling_types(),
          alarm_types(), sns_types(), logs_types(), log_filter_types(), storage_types(),
          iam_types(), recorded_types(), custom_types(), nested_types()})
      for (const ResourceType* type : group) found.emplace(type->name(), type);
    return found;
  }();
  return all;
}

}  // namespace

const ResourceType* find_resource_type(std::string_view name) {
  if (is_custom_name(name)) name = kCustomResource;
  const auto found = types().find(name);
  return found == types().end() ? nullptr : found->second;
}

std::string ResourceType::name_for(const std::string& stack, const std::string& logical_id,
                                   const json& properties) const {
  const std::string_view end = name_end(properties);
  return chosen_name(stack, logical_id, max_name() - end.size()).append(end);
}

std::vector<std::string_view> resource_type_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, type] : types()) names.push_back(name);
  return names;
}

std::string text_of_value(const json& value) {
  if (value.is_string()) return json_text(value);
  if (!value.is_array()) return json_dump(value);
  std::string out;
  for (const json& item : value) out += (out.empty() ? "" : ",") + text_of_value(item);
  return out;
}

std::string text_of(const json& properties, const char* name) {
  const auto found = properties.find(name);
  return found != properties.end() && found->is_string() ? json_text(*found) : "";
}

json pick(const json& properties, std::initializer_list<const char*> names) {
  json out = json::object();
  for (const char* name : names)
    if (const auto found = properties.find(name); found != properties.end()) out[name] = *found;
  return out;
}

json tag_map(const json& properties) {
  json tags = json::object();
  const auto found = properties.find("Tags");
  if (found == properties.end()) return tags;
  if (found->is_object()) return *found;
  for (const json& tag : *found)
    if (tag.is_object()) tags[text_of(tag, "Key")] = text_of(tag, "Value");
  return tags;
}

TagChange tag_change(const json& before, const json& after) {
  TagChange change;
  const json old = tag_map(before), now = tag_map(after);
  for (const auto& [key, value] : now.items()) change.wanted.emplace(key, value);
  for (const auto& [key, value] : old.items())
    if (!change.wanted.contains(key)) change.removed.push_back(key);
  return change;
}

json known_part(const json& properties, const json& needed) {
  // Of these lists, and of variables, each may be missing.
  static constexpr std::string_view kLoose[] = {
      "AlarmActions", "Dimensions", "Layers", "InsufficientDataActions", "OKActions", "Tags"};
  json out = json::object();
  for (const auto& [name, value] : properties.items()) {
    if (!cfn::is_unknown(value)) {
      out[name] = value;
    } else if (const auto other = needed.find(name); other != needed.end()) {
      out[name] = *other;
    } else if (value.is_array() &&
               std::find(std::begin(kLoose), std::end(kLoose), name) != std::end(kLoose)) {
      out[name] = json::array();
      for (const json& item : value)
        if (!cfn::is_unknown(item)) out[name].push_back(item);
    } else if (name == "Environment" && value.is_object()) {
      json& known = out[name]["Variables"] = json::object();
      for (const auto& [variable, text] : json_member(value, "Variables").items())
        if (!cfn::is_unknown(text)) known[variable] = text;
    }
  }
  return out;
}

bool lacks(const json& known, const json& properties,
           std::initializer_list<std::string_view> names) {
  for (const auto& property : properties.items()) {
    const std::string& name = property.key();
    const bool counts =
        names.size() == 0 || std::find(names.begin(), names.end(), name) != names.end();
    if (counts && !known.contains(name)) return true;
  }
  return false;
}

json tag_list(const std::map<std::string, std::string>& tags) {
  json list = json::array();
  for (const auto& [key, value] : tags) list.push_back({{"Key", key}, {"Value", value}});
  return list;
}

Result<void> gone(const Result<json>& answer) {
  if (answer) return {};
  const std::string& type = answer.error().type;
  if (answer.error().kind == ErrorKind::kNotFound || type.find("NotFound") != std::string::npos ||
      type == "ObjectNotFoundException")
    return {};
  return answer.error();
}

bool differs(const json& before, const json& after, const char* name) {
  const auto a = before.find(name);
  const auto b = after.find(name);
  if (a == before.end() || b == after.end()) return (a == before.end()) != (b == after.end());
  return *a != *b;
}

Error already_exists(std::string_view type, const std::string& name) {
  return {
      ErrorKind::kConflict, "AlreadyExists",
      "Resource of type '" + std::string(type) + "' with identifier '" + name + "' already exists"};
}

Error unknown_attribute(const std::string& logical_id, const std::string& attribute) {
  return {ErrorKind::kInvalid, "ValidationError",
          "Template error: resource " + logical_id + " does not support attribute type " +
              attribute + " in Fn::GetAtt"};
}

Result<void> wait_until(const Scope& scope, int limit_s,
                        const std::function<std::optional<Result<void>>()>& settled) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(limit_s);
  for (std::chrono::milliseconds pause(2);; pause = std::min(pause * 2, kLongestPause)) {
    if (const auto result = settled()) return *result;
    if (scope.cancelled)
      return Error{ErrorKind::kUnavailable, "Cancelled", "Resource creation cancelled"};
    if (std::chrono::steady_clock::now() > end)
      return Error{ErrorKind::kUnavailable, "NotStabilized",
                   "It did not become ready within " + std::to_string(limit_s) + " seconds"};
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace kiln::stack
