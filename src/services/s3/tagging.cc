// GetObjectTagging, PutObjectTagging, DeleteObjectTagging.
#include <algorithm>
#include <cctype>
#include <pugixml.hpp>

#include "base/ascii.h"
#include "base/system_tags.h"
#include "services/s3/call.h"
#include "services/s3/object_document.h"
#include "services/s3/xml.h"

namespace kiln::services {
namespace {

constexpr size_t kMaxTags = 10, kMaxTagKey = 128, kMaxValue = 256;

// Letters and digits of any script, blanks, and these signs.
bool is_tag_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c >= 0x80 || ascii::is_alnum(c) ||
           std::string_view(" +-=._:/@").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

S3Result set_tags(S3Call& call, std::map<std::string, std::string> tags, unsigned status) {
  if (auto version = check_s3_version(call); !version) return version.error();
  auto object = call.objects.find(call.address.bucket, call.address.key);
  if (!object) return object.error();
  ObjectDocument document = ObjectDocument::parse(object->document);
  document.tags = std::move(tags);
  auto done = call.objects.set_document(call.address.bucket, call.address.key, document.text());
  if (!done) return done.error();
  return empty_answer(status);
}

}  // namespace

Result<void> check_object_tags(const std::map<std::string, std::string>& tags) {
  if (tags.size() > kMaxTags)
    return s3_invalid("BadRequest", "Object tags cannot be greater than 10");
  if (auto valid = check_s3_tags(tags); !valid) return valid;
  for (const auto& [key, value] : tags)
    if (system_tags::is_reserved(key))
      return s3_with(s3_invalid("InvalidTag", "Your TagKey cannot be prefixed with aws:"), "TagKey",
                     key);
  return {};
}

Result<void> check_s3_tags(const std::map<std::string, std::string>& tags) {
  for (const auto& [key, value] : tags) {
    if (key.empty() || key.size() > kMaxTagKey || !is_tag_text(key))
      return s3_with(s3_invalid("InvalidTag", "The TagKey you have provided is invalid"), "TagKey",
                     key);
    if (value.size() > kMaxValue || !is_tag_text(value))
      return s3_with(s3_with(s3_invalid("InvalidTag", "The TagValue you have provided is invalid"),
                             "TagKey", key),
                     "TagValue", value);
  }
  return {};
}

Result<std::map<std::string, std::string>> read_tagging(const std::string& body) {
  pugi::xml_document document;
  const pugi::xml_node root =
      document.load_buffer(body.data(), body.size()) ? document.child("Tagging") : pugi::xml_node();
  if (!root) return malformed_xml();
  return read_tags(root.child("TagSet"));
}

Result<std::map<std::string, std::string>> read_tags(const pugi::xml_node& list) {
  std::map<std::string, std::string> tags;
  for (const pugi::xml_node tag : list.children("Tag")) {
    if (!tag.child("Key") || !tag.child("Value")) return malformed_xml();
    const auto [at, added] =
        tags.emplace(tag.child("Key").text().get(), tag.child("Value").text().get());
    if (!added)
      return s3_with(s3_invalid("InvalidTag", "Cannot provide multiple Tags with the same key"),
                     "TagKey", at->first);
  }
  return tags;
}

S3Result s3_get_object_tagging(S3Call& call) {
  if (auto version = check_s3_version(call); !version) return version.error();
  auto object = call.objects.find(call.address.bucket, call.address.key);
  // As recorded: here, and here alone, the key is named with its bucket.
  if (!object && object.error().type == "NoSuchKey")
    return s3_with(object.error(), "Key", call.address.bucket + "/" + call.address.key);
  if (!object) return object.error();
  XmlText xml("Tagging");
  xml.open("TagSet");
  for (const auto& [key, value] : ObjectDocument::parse(object->document).tags)
    xml.open("Tag").text("Key", key).text("Value", value).close();
  return xml.answer();
}

S3Result s3_put_object_tagging(S3Call& call) {
  const std::string& body = call.request.body();
  if (auto whole = check_s3_body(call.request.base(), body); !whole) return whole.error();
  auto tags = read_tagging(body);
  if (!tags) return tags.error();
  if (auto valid = check_object_tags(*tags); !valid) return valid.error();
  return set_tags(call, std::move(*tags), 200);
}

S3Result s3_delete_object_tagging(S3Call& call) { return set_tags(call, {}, 204); }

}  // namespace kiln::services
