// GetObjectTagging, PutObjectTagging, DeleteObjectTagging.
#include <pugixml.hpp>

#include "services/s3_call.h"
#include "services/s3_object_document.h"
#include "services/s3_xml.h"

namespace kiln::services {
namespace {

constexpr size_t kMaxTags = 10, kMaxKey = 128, kMaxValue = 256;

S3Result set_tags(S3Call& call, std::map<std::string, std::string> tags, unsigned status) {
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
  for (const auto& [key, value] : tags) {
    if (key.empty() || key.size() > kMaxKey)
      return s3_invalid("InvalidTag", "The TagKey you have provided is invalid");
    if (value.size() > kMaxValue)
      return s3_invalid("InvalidTag", "The TagValue you have provided is invalid");
  }
  return {};
}

S3Result s3_get_object_tagging(S3Call& call) {
  auto object = call.objects.find(call.address.bucket, call.address.key);
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
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size()) || !document.child("Tagging"))
    return malformed_xml();
  std::map<std::string, std::string> tags;
  for (const pugi::xml_node tag : document.child("Tagging").child("TagSet").children("Tag")) {
    const auto [at, added] =
        tags.emplace(tag.child("Key").text().get(), tag.child("Value").text().get());
    if (!added) return s3_invalid("InvalidTag", "Cannot provide multiple Tags with the same key");
  }
  if (auto valid = check_object_tags(tags); !valid) return valid.error();
  return set_tags(call, std::move(tags), 200);
}

S3Result s3_delete_object_tagging(S3Call& call) { return set_tags(call, {}, 204); }

}  // namespace kiln::services
