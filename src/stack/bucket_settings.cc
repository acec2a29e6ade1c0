#include "stack/bucket_settings.h"

#include <array>
#include <pugixml.hpp>
#include <sstream>

#include "base/json_access.h"
#include "stack/resource_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;
using pugi::xml_node;

constexpr const char* kSuspended =
    "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";

constexpr std::array kSettings = {
    BucketSetting{"BucketEncryption", "?encryption", "ServerSideEncryptionConfiguration"},
    BucketSetting{"CorsConfiguration", "?cors", "CORSConfiguration"},
    BucketSetting{"LifecycleConfiguration", "?lifecycle", "LifecycleConfiguration"},
    BucketSetting{"OwnershipControls", "?ownershipControls", "OwnershipControls"},
    BucketSetting{"PublicAccessBlockConfiguration", "?publicAccessBlock",
                  "PublicAccessBlockConfiguration"},
    BucketSetting{"Tags", "?tagging", "Tagging"},
    BucketSetting{"VersioningConfiguration", "?versioning", "VersioningConfiguration", kSuspended},
};

// CloudFormation's names of members that S3's API calls otherwise. An entry of a list is an element
// of its own.
constexpr std::pair<std::string_view, const char*> kElements[] = {
    {"AllowedHeaders", "AllowedHeader"},
    {"AllowedMethods", "AllowedMethod"},
    {"AllowedOrigins", "AllowedOrigin"},
    {"CorsRules", "CORSRule"},
    {"ExposedHeaders", "ExposeHeader"},
    {"Id", "ID"},
    {"MaxAge", "MaxAgeSeconds"},
    {"Rules", "Rule"},
    {"ServerSideEncryptionByDefault", "ApplyServerSideEncryptionByDefault"},
    {"ServerSideEncryptionConfiguration", "Rule"},
};

std::string element_of(const std::string& member) {
  for (const auto& [name, element] : kElements)
    if (name == member) return element;
  return member;
}

void add_value(xml_node parent, const std::string& element, const json& value);

void add_members(xml_node node, const json& object) {
  if (!object.is_object()) return;
  for (const auto& [name, value] : object.items()) add_value(node, element_of(name), value);
}

void add_value(xml_node parent, const std::string& element, const json& value) {
  if (value.is_array()) {
    for (const json& item : value) add_value(parent, element, item);
    return;
  }
  xml_node node = parent.append_child(element.c_str());
  if (value.is_object())
    add_members(node, value);
  else
    node.text().set(text_of_value(value).c_str());
}

void add_tag_set(xml_node parent, const json& tags) {
  for (const json& tag : tags) {
    xml_node node = parent.append_child("Tag");
    node.append_child("Key").text().set(text_of(tag, "Key").c_str());
    node.append_child("Value").text().set(text_of(tag, "Value").c_str());
  }
}

// Puts `value` below `outer` as `inner`, when there is one.
void add_within(xml_node rule, const char* outer, const char* inner, const json& value) {
  if (value.is_null()) return;
  xml_node node = rule.child(outer) ? rule.child(outer) : rule.append_child(outer);
  add_value(node, inner, value);
}

void add_filter(xml_node rule, const json& from) {
  const json& tags = json_list(from, "TagFilters");
  std::vector<std::pair<const char*, json>> simple;
  for (const char* name : {"Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan"})
    if (from.contains(name)) simple.emplace_back(name, from[name]);
  xml_node filter = rule.append_child("Filter");
  if (simple.size() + tags.size() > 1) filter = filter.append_child("And");
  for (const auto& [name, value] : simple) add_value(filter, name, value);
  add_tag_set(filter, tags);
}

// CloudFormation's older members of a rule stand beside those for several.
json entries(const json& rule, const char* one, const char* many) {
  json out = json_list(rule, many);
  if (out.is_null()) out = json::array();
  if (const json& single = json_member(rule, one); single.is_object()) out.push_back(single);
  return out;
}

void add_lifecycle(xml_node root, const json& value) {
  for (const json& from : json_list(value, "Rules")) {
    xml_node rule = root.append_child("Rule");
    if (from.contains("Id")) add_value(rule, "ID", from["Id"]);
    add_value(rule, "Status", json_member(from, "Status"));
    add_filter(rule, from);
    add_within(rule, "Expiration", "Days", json_member(from, "ExpirationInDays"));
    add_within(rule, "Expiration", "Date", json_member(from, "ExpirationDate"));
    add_within(rule, "Expiration", "ExpiredObjectDeleteMarker",
               json_member(from, "ExpiredObjectDeleteMarker"));
    add_within(rule, "NoncurrentVersionExpiration", "NoncurrentDays",
               json_member(from, "NoncurrentVersionExpirationInDays"));
    for (const char* same : {"AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration"})
      if (from.contains(same)) add_value(rule, same, from[same]);
    for (const json& transition : entries(from, "Transition", "Transitions")) {
      xml_node node = rule.append_child("Transition");
      for (const auto& [name, element] :
           {std::pair("TransitionInDays", "Days"), std::pair("TransitionDate", "Date"),
            std::pair("StorageClass", "StorageClass")})
        if (transition.contains(name)) add_value(node, element, transition[name]);
    }
    for (const json& transition :
         entries(from, "NoncurrentVersionTransition", "NoncurrentVersionTransitions")) {
      xml_node node = rule.append_child("NoncurrentVersionTransition");
      for (const auto& [name, element] :
           {std::pair("TransitionInDays", "NoncurrentDays"),
            std::pair("NewerNoncurrentVersions", "NewerNoncurrentVersions"),
            std::pair("StorageClass", "StorageClass")})
        if (transition.contains(name)) add_value(node, element, transition[name]);
    }
  }
}

}  // namespace

std::string BucketSetting::document(const json& properties) const {
  const auto found = properties.find(property);
  if (found == properties.end() || (found->is_structured() && found->empty())) return {};
  pugi::xml_document out;
  xml_node node = out.append_child(root);
  node.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  if (property == "Tags")
    add_tag_set(node.append_child("TagSet"), *found);
  else if (property == "LifecycleConfiguration")
    add_lifecycle(node, *found);
  else
    add_members(node, *found);
  std::ostringstream text;
  out.save(text, "", pugi::format_raw | pugi::format_no_declaration);
  return text.str();
}

std::span<const BucketSetting> bucket_settings() { return kSettings; }

}  // namespace kiln::stack
