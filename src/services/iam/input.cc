#include "services/iam/input.h"

#include <algorithm>
#include <set>

#include "base/ascii.h"
#include "base/json_access.h"
#include "base/system_tags.h"
#include "wire/fields.h"
#include "wire/key_page.h"

namespace kiln::services::iam {

using nlohmann::json;

namespace {

constexpr size_t kMaxTags = 50;
constexpr size_t kMaxPage = 1000;
constexpr size_t kPage = 100;

// "RoleName" to "roleName", as messages have it.
std::string in_messages(const char* member) {
  std::string out = member;
  out[0] = ascii::lower(out[0]);
  return out;
}

bool is_in_names(char c) {
  return ascii::is_alnum(c) || std::string_view("+=,.@_-").find(c) != std::string_view::npos;
}

size_t length_without_blanks(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return !std::isspace(c); }));
}

// Upper and lower case of a key are one, and a tag keeps those it was set with.
void erase_tag(IamTags& tags, std::string_view key) {
  std::erase_if(tags, [&](const auto& tag) { return ascii::same(tag.first, key); });
}

}  // namespace

Error no_such_entity(std::string message) {
  return {ErrorKind::kNotFound, "NoSuchEntity", std::move(message)};
}

Error validation(std::string message) {
  return {ErrorKind::kInvalid, "ValidationError", std::move(message)};
}

Result<std::string> required(const json& input, const char* name) {
  wire::Fields in(input);
  std::string text = in.text(name);
  if (!in.status()) return in.status().error();
  if (text.empty())
    return validation("1 validation error detected: Value null at '" + in_messages(name) +
                      "' failed to satisfy constraint: Member must not be null");
  return text;
}

Result<std::string> name(const json& input, const char* member, size_t most) {
  auto text = required(input, member);
  if (!text) return text;
  if (text->size() > most)
    return validation("1 validation error detected: Value '" + text->substr(0, 200) + "' at '" +
                      in_messages(member) +
                      "' failed to satisfy constraint: Member must have length less than or equal "
                      "to " +
                      std::to_string(most));
  if (!std::all_of(text->begin(), text->end(), is_in_names))
    return validation("The specified value for " + in_messages(member) +
                      " is invalid. It must contain only alphanumeric characters and/or the "
                      "following: +=,.@_-");
  return text;
}

Result<std::string> path(const json& input) {
  wire::Fields in(input);
  std::string text = in.text("Path", "/");
  if (!in.status()) return in.status().error();
  if (text.size() > 512 || !text.starts_with('/') || !text.ends_with('/'))
    return validation(
        "The specified value for path is invalid. It must begin and end with / and "
        "contain only alphanumeric characters and/or / characters.");
  return text;
}

Result<std::string> policy_text(const json& input, const char* member, size_t most) {
  auto text = required(input, member);
  if (!text) return text;
  const auto malformed = [](std::string message) {
    return Error{ErrorKind::kInvalid, "MalformedPolicyDocument", std::move(message)};
  };
  const json parsed = json_parse(*text);
  if (!parsed.is_object()) return malformed("This policy contains invalid Json");
  if (!parsed.contains("Statement")) return malformed("Missing required field Statement");
  if (length_without_blanks(*text) > most)
    return Error{ErrorKind::kConflict, "LimitExceeded",
                 "Cannot exceed quota for PolicySize: " + std::to_string(most)};
  return text;
}

Result<void> add_tags(const json& input, IamTags& tags) {
  wire::Fields in(input);
  std::set<std::string> keys;
  for (const json& item : in.list("Tags")) {
    wire::Fields tag(item);
    const std::string key = tag.text("Key");
    if (key.empty() || key.size() > 128)
      return validation("The tag key '" + key.substr(0, 128) +
                        "' is invalid: from 1 to 128 characters");
    if (system_tags::is_reserved(key))
      return Error{ErrorKind::kInvalid, "InvalidInput",
                   "aws: prefixed tag key names are not allowed for external use."};
    if (!keys.insert(ascii::lower(key)).second)
      return Error{ErrorKind::kInvalid, "InvalidInput",
                   "Duplicate tag keys found. Please note that Tag keys are case insensitive."};
    erase_tag(tags, key);
    tags[key] = tag.text("Value");
    if (!tag.status()) return tag.status();
  }
  if (tags.size() > kMaxTags)
    return Error{ErrorKind::kConflict, "LimitExceeded",
                 "The number of tags has reached the maximum limit of " + std::to_string(kMaxTags)};
  return in.status();
}

void remove_tags(const json& input, IamTags& tags) {
  wire::Fields in(input);
  for (const std::string& key : in.texts("TagKeys")) erase_tag(tags, key);
}

json tag_list(const IamTags& tags) {
  json out = json::array();
  for (const auto& [key, value] : tags) out.push_back({{"Key", key}, {"Value", value}});
  return out;
}

std::string encoded(const std::string& text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (ascii::is_alnum(byte) || std::string_view("-_.~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

Result<json> page(const json& input, const json& all, const char* name, const char* key) {
  std::vector<std::string> keys;
  keys.reserve(all.size());
  for (const json& one : all) keys.push_back(json_text(*key == 0 ? one : json_member(one, key)));
  return page(input, all, name, keys);
}

Result<json> page(const json& input, const json& all, const char* name,
                  const std::vector<std::string>& keys) {
  wire::Fields in(input);
  const std::string marker = in.text("Marker");
  const auto most = in.integer("MaxItems");
  if (!in.status()) return in.status().error();
  if (most && (*most < 1 || *most > static_cast<int64_t>(kMaxPage)))
    return validation("1 validation error detected: Value '" + std::to_string(*most) +
                      "' at 'maxItems' failed to satisfy constraint: Member must have value "
                      "between 1 and 1000");
  const auto shown = wire::key_page(keys, marker, static_cast<size_t>(most.value_or(kPage)));
  if (!shown)
    return validation("Marker '" + marker.substr(0, 100) + "' is not one that this operation gave");
  json out = {{name, json::array()}, {"IsTruncated", !shown->next.empty()}};
  for (size_t i = shown->from; i < shown->to; ++i) out[name].push_back(all[i]);
  if (!shown->next.empty()) out["Marker"] = shown->next;
  return out;
}

}  // namespace kiln::services::iam
