#include "lint/resource_reader.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json_access.h"

namespace kiln::lint {
namespace {

using nlohmann::json;

std::optional<size_t> position(const std::string& text) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> number_of(const json& value) {
  if (value.is_number()) return json_number(value);
  if (!value.is_string()) return std::nullopt;
  const auto& text = json_text(value);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number))
    return std::nullopt;
  return number;
}

std::set<std::string> ignored_rules(const cfn::Node& metadata) {
  std::set<std::string> ignored;
  const cfn::Node* kiln = metadata.find("kiln");
  const cfn::Node* list = kiln != nullptr ? kiln->find("ignore") : nullptr;
  if (list == nullptr) return ignored;
  if (list->is_text()) ignored.insert(list->text);
  for (const cfn::Node& item : list->list) ignored.insert(item.text);
  return ignored;
}

}  // namespace

Origin origin_of(size_t stack, const cfn::Resource& resource) {
  Origin origin{.stack = stack,
                .logical_id = resource.logical_id,
                .place = resource.place,
                .construct = {},
                .ignored = ignored_rules(resource.metadata)};
  if (const cfn::Node* path = resource.metadata.find("aws:cdk:path");
      path != nullptr && path->is_text()) {
    origin.construct = path->text;
    std::erase_if(origin.construct, [](char c) { return static_cast<unsigned char>(c) < 0x20U; });
  }
  return origin;
}

ResourceReader::ResourceReader(size_t stack, const cfn::Resource& resource, StackValues& values)
    : resource_(resource), values_(values), origin_(origin_of(stack, resource)) {}

const json* ResourceReader::find(const Path& path) {
  const cfn::Node* node = resource_.properties.find(path.front());
  if (node == nullptr) return nullptr;
  auto known = evaluated_.find(path.front());
  if (known == evaluated_.end()) {
    Result<json> value = values_.value(*node);
    if (!value && !error_) error_ = value.error();
    known = evaluated_
                .emplace(path.front(), value ? std::move(*value) : json(std::string(cfn::kUnknown)))
                .first;
  }
  const json* at = &known->second;
  for (size_t i = 1; i < path.size(); ++i) {
    // What is below an unknown value is unknown too.
    if (at->is_string()) return cfn::is_unknown(*at) ? at : nullptr;
    if (at->is_array()) {
      const std::optional<size_t> item = position(path[i]);
      if (!item || *item >= at->size()) return nullptr;
      at = &(*at)[*item];
    } else {
      if (!at->is_object() || !at->contains(path[i])) return nullptr;
      at = &(*at)[path[i]];
    }
  }
  return at->is_null() ? nullptr : at;
}

cfn::Place ResourceReader::place(const Path& path) const {
  const cfn::Node* node = &resource_.properties;
  cfn::Place place = resource_.place;
  for (const std::string& step : path) {
    const std::optional<size_t> item = position(step);
    const cfn::Node* next = node->find(step);
    if (next == nullptr && node->is_list() && item && *item < node->list.size()) {
      next = &node->list[*item];
    }
    if (next == nullptr) break;
    node = next;
    if (node->place.line != 0) place = node->place;
  }
  return place;
}

bool ResourceReader::has(const Path& path) { return find(path) != nullptr; }

bool ResourceReader::is_unknown(const Path& path) {
  const json* value = find(path);
  return value != nullptr && cfn::is_unknown(*value);
}

std::optional<size_t> ResourceReader::list_size(const Path& path) {
  const json* value = find(path);
  if (value == nullptr || !value->is_structured()) return std::nullopt;
  return value->size();
}

std::vector<std::string> ResourceReader::members(const Path& path) {
  std::vector<std::string> names;
  const json* value = find(path);
  if (value == nullptr || !value->is_object()) return names;
  for (const auto& [name, member] : value->items()) names.push_back(name);
  return names;
}

Setting<std::string> ResourceReader::text(const Path& path) {
  using Text = Setting<std::string>;
  const json* value = find(path);
  if (value == nullptr) return {};
  if (cfn::is_unknown(*value) || value->is_structured()) return Text::unknown(place(path));
  if (value->is_string()) return Text::known(json_text(*value), place(path));
  return Text::known(json_dump(*value), place(path));
}

Setting<double> ResourceReader::number(const Path& path) {
  const json* value = find(path);
  if (value == nullptr) return {};
  const std::optional<double> number = number_of(*value);
  return number ? Setting<double>::known(*number, place(path))
                : Setting<double>::unknown(place(path));
}

Setting<int64_t> ResourceReader::integer(const Path& path) {
  const Setting<double> exact = number(path);
  if (exact.is_absent()) return {};
  const std::optional<double> value = exact.value();
  if (!value || std::abs(*value) > 1e15 || *value != std::floor(*value))
    return Setting<int64_t>::unknown(exact.place());
  return Setting<int64_t>::known(static_cast<int64_t>(*value), exact.place());
}

std::string ResourceReader::name(const std::string& property) {
  return text({property}).value().value_or(stand_in(origin_.stack, origin_.logical_id, {}));
}

}  // namespace kiln::lint
