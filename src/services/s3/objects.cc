// PutObject, GetObject, HeadObject, CopyObject, DeleteObject, DeleteObjects.
#include <algorithm>
#include <array>
#include <charconv>
#include <pugixml.hpp>

#include "base/ascii.h"
#include "services/s3/call.h"
#include "services/s3/expiry.h"
#include "services/s3/object_document.h"
#include "services/s3/range.h"
#include "services/s3/xml.h"
#include "wire/fault_code.h"

namespace kiln::services {
namespace {

constexpr std::array kOfTheCopyAlone = {
    "x-amz-storage-class",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled",
    "x-amz-website-redirect-location",
};

constexpr size_t kMaxDeletes = 1000;

// response-content-type=… and its like replace what the object has.
void override_headers(const S3Call& call, ObjectDocument& document) {
  constexpr std::string_view kPrefix = "response-";
  for (const char* name : {"content-type", "content-language", "expires", "cache-control",
                           "content-disposition", "content-encoding"}) {
    const auto value = call.query.find(std::string(kPrefix) + name);
    if (!value) continue;
    std::string text(*value);
    // It stands in the answer's head: a line's end would end it.
    std::erase_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    document.headers[name] = std::move(text);
  }
}

// The object's content becomes another's: of one part, with a checksum of its own.
Result<ObjectContent> copy_content(S3Call& call, const store::ObjectStore::Opened& source,
                                   wire::ChecksumAlgorithm algorithm) {
  auto file = call.objects.new_file();
  if (!file) return file.error();
  ObjectContent content(std::move(*file), algorithm);
  auto copied = store::read_file(source.file, 0, source.object.size,
                                 [&](std::string_view part) { return content.add(part); });
  if (!copied) return copied.error();
  return content;
}

Result<void> check_bypass(const S3Call& call) {
  constexpr const char* kHeader = "x-amz-bypass-governance-retention";
  if (call.header(kHeader).empty()) return {};
  return s3_with(
      s3_invalid("InvalidArgument",
                 std::string(kHeader) + " is only applicable to Object Lock enabled buckets."),
      "ArgumentName", kHeader);
}

// Conditions of DeleteObject: by ETag, and those that only directory buckets have.
Result<void> check_wanted(S3Call& call) {
  for (const char* header : {"x-amz-if-match-last-modified-time", "x-amz-if-match-size"})
    if (!call.header(header).empty())
      return s3_with(s3_invalid("NotImplemented",
                                "A header you provided implies functionality that is not "
                                "implemented"),
                     "Header", header);
  const std::string wanted = without_quotes(call.header("If-Match"));
  if (wanted.empty()) return {};
  const auto found = call.objects.find(call.address.bucket, call.address.key);
  if (!found) return found.error();
  if (wanted != "*" && found->etag != wanted) return precondition_failed("If-Match");
  return {};
}

// What a read gives of an object: all of it, a range, or a part of its upload.
struct Portion {
  ByteRange bytes;
  bool is_asked_for = false;  // by Range or partNumber
  int64_t part_count = 0;     // of the upload; 0: no part is asked for, or the object never had any
  std::string part_document = {};
};

Result<Portion> range_of(const S3Call& call, const store::Object& object) {
  const auto range = read_range(call.header("Range"), object.size);
  if (!range)
    return s3_with(s3_with(range.error(), "RangeRequested", call.header("Range")),
                   "ActualObjectSize", std::to_string(object.size));
  if (*range) return Portion{**range, true};
  return Portion{{0, object.size}};
}

// What was put in one is its only part.
Result<Portion> portion_of(S3Call& call, const store::Object& object) {
  if (!call.query.find("partNumber")) return range_of(call, object);
  const auto number = s3_part_number(call);
  if (!number) return number.error();
  if (!call.header("Range").empty())
    return s3_invalid("InvalidRequest",
                      "Cannot specify both Range header and partNumber query parameter");
  const auto parts = call.objects.parts_of(object);
  if (!parts) return parts.error();
  if (parts->empty() && *number == 1) return Portion{{0, object.size}, true};
  int64_t offset = 0;
  for (const store::Part& part : *parts) {
    if (part.number == *number)
      return Portion{{offset, part.size}, true, static_cast<int64_t>(parts->size()), part.document};
    offset += part.size;
  }
  return s3_with(s3_with({ErrorKind::kInvalid, "InvalidPartNumber",
                          "The requested partnumber is not satisfiable"},
                         "ActualPartCount", std::to_string(std::max<size_t>(parts->size(), 1))),
                 "PartNumberRequested", std::to_string(*number));
}

void add_part_checksum(const ObjectDocument& whole, const std::string& part,
                       net::Response& response) {
  ObjectDocument document = ObjectDocument::parse(part);
  document.checksum_type = whole.checksum_type;
  add_checksum_headers(document, response);
}

}  // namespace

Result<void> check_s3_version(const S3Call& call) {
  const auto version = call.query.find("versionId");
  if (!version || version->empty() || *version == "null") return {};
  return s3_with(s3_with(s3_invalid("InvalidArgument", "Invalid version id specified"),
                         "ArgumentName", "versionId"),
                 "ArgumentValue", *version);
}

S3Result s3_put_object(S3Call& call) {
  if (auto valid = check_key(call.address.key); !valid) return valid.error();
  const auto condition = change_condition(call);
  if (!condition) return condition.error();
  auto content = call.upload->finish(call.objects);
  if (!content) return content.error();
  ObjectDocument document;
  if (auto taken = document.take_headers(call.request.base()); !taken) return taken.error();
  document.set_checksum(content->algorithm(), content->checksum().base64(), "FULL_OBJECT");
  store::Object object;
  object.key = call.address.key;
  object.etag = content->md5_hex();
  object.document = document.text();
  auto put = call.objects.put(call.address.bucket, std::move(object), std::move(content->file()),
                              *condition);
  if (!put) return named_condition(call, put.error());
  net::Response response = empty_answer(200);
  response.headers.emplace_back("ETag", in_quotes(put->etag));
  add_expiry(call, *put, document, response);
  add_encryption(document, response);
  add_checksum_headers(document, response);
  return response;
}

S3Result s3_get_object(S3Call& call) {
  if (auto valid = check_key(call.address.key); !valid) return valid.error();
  if (auto version = check_s3_version(call); !version) return version.error();
  auto opened = call.objects.open(call.address.bucket, call.address.key);
  if (!opened) return opened.error();
  const store::Object& object = opened->object;
  ObjectDocument document = ObjectDocument::parse(object.document);
  const auto [verdict, condition] = read_verdict(call, "", object);
  if (verdict == Verdict::kFailed) return precondition_failed(condition);
  if (verdict == Verdict::kSend) override_headers(call, document);
  net::Response response = empty_answer(verdict == Verdict::kNotModified ? 304 : 200);
  add_object_headers(object, document, response);
  if (verdict == Verdict::kNotModified) return response;
  if (!call.query.find("versionId")) add_expiry(call, object, document, response);

  auto portion = portion_of(call, object);
  if (!portion) {
    net::Response refused = s3_error(portion.error(), call.address.bucket, call.address.key);
    if (portion.error().type == "InvalidRange")
      refused.headers.emplace_back("Content-Range", "bytes */" + std::to_string(object.size));
    return refused;
  }
  const ByteRange& bytes = portion->bytes;
  if (portion->is_asked_for && object.size > 0) {
    response.status = 206;
    response.headers.emplace_back("Content-Range", content_range(bytes, object.size));
  }
  if (portion->part_count > 0)
    response.headers.emplace_back("x-amz-mp-parts-count", std::to_string(portion->part_count));
  const bool wants_checksum = ascii::same(call.header("x-amz-checksum-mode"), "enabled");
  if (wants_checksum && portion->part_count > 0 && document.checksum_type == "COMPOSITE")
    add_part_checksum(document, portion->part_document, response);
  else if (wants_checksum && bytes.size == object.size)
    add_checksum_headers(document, response);
  response.file = std::make_shared<net::FilePart>();
  if (!call.is_head()) response.file->file = std::move(opened->file);
  response.file->offset = static_cast<uint64_t>(bytes.offset);
  response.file->size = static_cast<uint64_t>(bytes.size);
  return response;
}

S3Result s3_copy_object(S3Call& call) {
  if (auto valid = check_key(call.address.key); !valid) return valid.error();
  const auto from = copy_source(call.header("x-amz-copy-source"));
  if (!from) return from.error();
  const std::string_view directive = call.header("x-amz-metadata-directive");
  const auto condition = change_condition(call);
  if (!condition) return condition.error();
  const bool replaces = directive == "REPLACE";
  const bool replaces_tags = call.header("x-amz-tagging-directive") == "REPLACE";
  if (!replaces && !directive.empty() && directive != "COPY")
    return s3_invalid("InvalidArgument", "Unknown metadata directive.");
  const bool in_place = from->bucket == call.address.bucket && from->key == call.address.key;
  if (in_place && condition->if_none_match) return precondition_failed("If-None-Match");
  const bool changes = replaces || call.request.has("x-amz-storage-class") ||
                       call.request.has("x-amz-server-side-encryption") ||
                       call.request.has("x-amz-website-redirect-location");
  if (!changes && in_place)
    return s3_invalid("InvalidRequest",
                      "This copy request is illegal because it is trying to copy an object to "
                      "itself without changing the object's metadata, storage class, website "
                      "redirect location or encryption attributes.");
  auto source = call.objects.open(from->bucket, from->key);
  if (!source) return of_copy_source(source.error(), *from);
  if (source->object.size > kMaxUploadBytes)
    return s3_invalid("InvalidRequest",
                      "The specified copy source is larger than the maximum allowable size for a "
                      "copy source: " +
                          std::to_string(kMaxUploadBytes));
  if (const auto read = read_verdict(call, "x-amz-copy-source-", source->object);
      read.verdict != Verdict::kSend)
    return precondition_failed(read.condition);

  ObjectDocument document = ObjectDocument::parse(source->object.document);
  ObjectDocument given;
  if (auto taken = given.take_headers(call.request.base()); !taken) return taken.error();
  if (replaces) document.headers = given.headers;
  // These are never the source's: the request says them, or they are as by default.
  for (const char* name : kOfTheCopyAlone) {
    document.headers.erase(name);
    if (const auto own = given.headers.find(name); own != given.headers.end())
      document.headers.insert(*own);
  }
  if (replaces_tags) document.tags = std::move(given.tags);
  document.upload.clear();
  auto algorithm = wire::checksum_algorithm(call.header("x-amz-checksum-algorithm"));
  if (!algorithm) algorithm = wire::checksum_algorithm(document.checksum_algorithm);
  auto content =
      copy_content(call, *source, algorithm.value_or(wire::ChecksumAlgorithm::kCrc64Nvme));
  if (!content) return content.error();
  document.set_checksum(content->algorithm(), content->checksum().base64(), "FULL_OBJECT");
  store::Object object;
  object.key = call.address.key;
  object.etag = content->md5_hex();
  object.document = document.text();
  auto put = call.objects.put(call.address.bucket, std::move(object), std::move(content->file()),
                              *condition);
  if (!put) return named_condition(call, put.error());
  XmlText xml("CopyObjectResult");
  xml.text("LastModified", s3_time(put->modified_ms)).text("ETag", in_quotes(put->etag));
  add_checksum_elements(document, xml);
  net::Response response = xml.answer();
  add_expiry(call, *put, document, response);
  add_encryption(document, response);
  return response;
}

S3Result s3_delete_object(S3Call& call) {
  if (auto valid = check_key(call.address.key); !valid) return valid.error();
  if (auto version = check_s3_version(call); !version) return version.error();
  if (auto bypass = check_bypass(call); !bypass) return bypass.error();
  if (auto wanted = check_wanted(call); !wanted) return wanted.error();
  if (auto done = call.objects.erase(call.address.bucket, call.address.key); !done)
    return done.error();
  return empty_answer(204);
}

S3Result s3_delete_objects(S3Call& call) {
  const std::string& body = call.request.body();
  if (!has_body_checksum(call.request.base()))
    return s3_invalid("InvalidRequest",
                      "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
  if (auto whole = check_s3_body(call.request.base(), body); !whole) return whole.error();
  if (auto bucket = call.objects.find_bucket(call.address.bucket); !bucket) return bucket.error();
  if (auto bypass = check_bypass(call); !bypass) return bypass.error();
  pugi::xml_document document;
  // Keys may be blank: white space is content here.
  if (!document.load_buffer(body.data(), body.size(),
                            pugi::parse_default | pugi::parse_ws_pcdata_single))
    return malformed_xml();
  const pugi::xml_node root = document.child("Delete");
  std::vector<std::pair<std::string, std::string>> keys;  // with the version that is asked for
  for (const pugi::xml_node object : root.children("Object"))
    keys.emplace_back(object.child("Key").text().get(), object.child("VersionId").text().get());
  if (!root || keys.empty() || keys.size() > kMaxDeletes) return malformed_xml();
  const bool quiet = root.child("Quiet").text().as_bool();
  XmlText xml("DeleteResult");
  for (const auto& [key, version] : keys) {
    Result<void> done = check_key(key);
    if (done && !version.empty() && version != "null")
      done = Error{ErrorKind::kNotFound, "NoSuchVersion", "The specified version does not exist."};
    if (done) done = call.objects.erase(call.address.bucket, key);
    if (!done) {
      xml.open("Error").text("Key", key);
      if (!version.empty()) xml.text("VersionId", version);
      xml.text("Code", wire::fault_code(done.error(), "InternalError"));
      xml.text("Message", s3_message(done.error())).close();
    } else if (!quiet) {
      xml.open("Deleted").text("Key", key);
      if (!version.empty()) xml.text("VersionId", version);
      xml.close();
    }
  }
  return xml.answer();
}

}  // namespace kiln::services
