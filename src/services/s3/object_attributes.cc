// GetObjectAttributes.
#include <algorithm>
#include <charconv>
#include <set>

#include "base/ascii.h"
#include "base/word_list.h"
#include "services/s3/call.h"
#include "services/s3/object_document.h"
#include "services/s3/xml.h"

namespace kiln::services {
namespace {

constexpr int64_t kMaxAttributeParts = 1000;  // in one answer

// x-amz-object-attributes: names between commas.
std::set<std::string> wanted_attributes(std::string_view header) {
  std::set<std::string> names;
  any_between_commas(header, [&names](std::string_view one) {
    one = ascii::trim(one, " ");
    if (!one.empty()) names.emplace(one);
    return false;
  });
  return names;
}

int64_t header_number(std::string_view text, int64_t otherwise) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : otherwise;
}

// How many parts an ETag tells of; 0: it was no multipart upload.
int64_t part_count(const std::string& etag) {
  const size_t dash = etag.rfind('-');
  return dash == etag.npos ? 0 : header_number(std::string_view(etag).substr(dash + 1), 0);
}

// The parts themselves are told only of an upload whose checksum is of theirs.
void add_parts(const S3Call& call, const ObjectDocument& document,
               const std::vector<store::Part>& parts, int64_t count, XmlText& xml) {
  xml.open("ObjectParts");
  if (document.checksum_type == "COMPOSITE") {
    const int64_t marker =
        std::max<int64_t>(header_number(call.header("x-amz-part-number-marker"), 0), 0);
    const int64_t most = std::clamp<int64_t>(
        header_number(call.header("x-amz-max-parts"), kMaxAttributeParts), 0, kMaxAttributeParts);
    int64_t last = 0, shown = 0;
    for (const store::Part& part : parts) {
      if (part.number <= marker || shown == most) continue;
      ++shown;
      last = part.number;
      xml.open("Part").number("PartNumber", part.number).number("Size", part.size);
      xml.text("Checksum" + document.checksum_algorithm,
               ObjectDocument::parse(part.document).checksum);
      xml.close();
    }
    xml.number("PartNumberMarker", marker).number("NextPartNumberMarker", last);
    xml.number("MaxParts", most);
    xml.text("IsTruncated", shown > 0 && last < parts.back().number ? "true" : "false");
  }
  xml.number("PartsCount", count).close();
}

}  // namespace

S3Result s3_get_object_attributes(S3Call& call) {
  if (auto valid = check_key(call.address.key); !valid) return valid.error();
  if (auto version = check_s3_version(call); !version) return version.error();
  const auto wanted = wanted_attributes(call.header("x-amz-object-attributes"));
  static const std::set<std::string> kNames = {"Checksum", "ETag", "ObjectParts", "ObjectSize",
                                               "StorageClass"};
  const bool known = std::includes(kNames.begin(), kNames.end(), wanted.begin(), wanted.end());
  if (wanted.empty() || !known)
    return s3_with(s3_invalid("InvalidArgument", "Invalid attribute name specified."),
                   "ArgumentName", "x-amz-object-attributes");
  auto object = call.objects.find(call.address.bucket, call.address.key);
  if (!object) return object.error();
  const ObjectDocument document = ObjectDocument::parse(object->document);
  XmlText xml("GetObjectAttributesResponse");
  if (wanted.contains("ETag")) xml.text("ETag", object->etag);
  if (wanted.contains("Checksum") && !document.checksum.empty()) {
    xml.open("Checksum");
    // Of parts together: here without their number.
    ObjectDocument told = document;
    told.checksum.resize(std::min(told.checksum.size(), told.checksum.find('-')));
    add_checksum_elements(told, xml);
    xml.close();
  }
  const int64_t count = part_count(object->etag);
  if (wanted.contains("ObjectParts") && count > 0) {
    const auto parts = call.objects.parts_of(*object);
    if (!parts) return parts.error();
    add_parts(call, document, *parts, count, xml);
  }
  if (wanted.contains("StorageClass")) {
    const auto kept = document.headers.find("x-amz-storage-class");
    xml.text("StorageClass", kept == document.headers.end() ? "STANDARD" : kept->second);
  }
  if (wanted.contains("ObjectSize")) xml.number("ObjectSize", object->size);
  net::Response response = xml.answer();
  response.headers.emplace_back("Last-Modified", http_time(object->modified_ms));
  return response;
}

}  // namespace kiln::services
