// What S3 keeps of an object beside its content: the headers that come back with it, and its
// checksum. In the store it is the JSON text Object::document.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "services/s3/call.h"
#include "services/s3/xml.h"

namespace pugi {
class xml_node;
}

namespace kiln::services {

struct ObjectDocument {
  std::map<std::string, std::string> headers;  // by lower-case name
  std::map<std::string, std::string> tags;
  std::string checksum_algorithm;  // "CRC32"; "": none is known
  std::string checksum;            // base64; of a composite one with "-N"
  std::string checksum_type;       // FULL_OBJECT or COMPOSITE
  bool checksum_asked = false;     // of an upload: whether its maker named an algorithm
  std::string upload;              // the id of the multipart upload that made the object

  static ObjectDocument parse(const std::string& text);
  std::string text() const;

  // The headers of a request that are the object's, and its tags. Error: MetadataTooLarge,
  // InvalidTag.
  Result<void> take_headers(const net::RequestHeader& header);
  void set_checksum(wire::ChecksumAlgorithm algorithm, std::string value, const char* type);
};

// At most ten, as check_s3_tags. Error: InvalidTag, BadRequest.
Result<void> check_object_tags(const std::map<std::string, std::string>& tags);
// Keys of 1 to 128 and values of at most 256 characters, of letters, digits, blanks and _ . : / = +
// - @. Error: InvalidTag, naming key and value.
Result<void> check_s3_tags(const std::map<std::string, std::string>& tags);
// The tags of a <Tagging> document. Error: MalformedXML, InvalidTag.
Result<std::map<std::string, std::string>> read_tagging(const std::string& body);
// The <Tag> elements in `list`.
Result<std::map<std::string, std::string>> read_tags(const pugi::xml_node& list);
void add_encryption(const ObjectDocument& document, net::Response& response);

std::string in_quotes(const std::string& etag);
// Without quotes and blanks around it.
std::string without_quotes(std::string_view etag);

// ETag, Last-Modified, the kept headers, and x-amz-server-side-encryption.
void add_object_headers(const store::Object& object, const ObjectDocument& document,
                        net::Response& response);
void add_checksum_headers(const ObjectDocument& document, net::Response& response);
// ChecksumAlgorithm and ChecksumType of an upload whose maker named an algorithm.
void add_checksum_kind(const ObjectDocument& upload, XmlText& xml);
// <ChecksumCRC32>…</ChecksumCRC32><ChecksumType>…
void add_checksum_elements(const ObjectDocument& document, XmlText& xml);

// If-Match and If-None-Match of a request that changes an object. Error: NotImplemented for what S3
// doesn't take there.
Result<store::ObjectCondition> change_condition(const S3Call& call);
// What a change answers whose condition did not hold.
Error named_condition(const S3Call& call, Error error);

// The conditions of a read, in HTTP's order. `prefix`: "" or "x-amz-copy-source-".
enum class Verdict { kSend, kNotModified, kFailed };
struct ReadVerdict {
  Verdict verdict = Verdict::kSend;
  std::string condition;  // the header that did not hold
};
ReadVerdict read_verdict(const S3Call& call, const std::string& prefix,
                         const store::Object& object);

}  // namespace kiln::services
