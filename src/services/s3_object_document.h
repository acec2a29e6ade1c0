// What S3 keeps of an object beside its content: the headers that come back with it, and its
// checksum. In the store it is the JSON text Object::document.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "services/s3_call.h"
#include "services/s3_xml.h"

namespace kiln::services {

struct ObjectDocument {
  std::map<std::string, std::string> headers;  // by lower-case name
  std::map<std::string, std::string> tags;
  std::string checksum_algorithm;  // "CRC32"; "": none is known
  std::string checksum;            // base64; of a composite one with "-N"
  std::string checksum_type;       // FULL_OBJECT or COMPOSITE

  static ObjectDocument parse(const std::string& text);
  std::string text() const;

  // The headers of a request that are the object's, and its tags. Error: MetadataTooLarge,
  // InvalidTag.
  Result<void> take_headers(const net::RequestHeader& header);
  void set_checksum(ChecksumAlgorithm algorithm, std::string value, const char* type);
};

// At most ten, with keys of 1 to 128 and values of at most 256 characters. Error: InvalidTag,
// BadRequest.
Result<void> check_object_tags(const std::map<std::string, std::string>& tags);

std::string in_quotes(const std::string& etag);
// Without quotes and blanks around it.
std::string without_quotes(std::string_view etag);

// ETag, Last-Modified, the kept headers, and x-amz-server-side-encryption.
void add_object_headers(const store::Object& object, const ObjectDocument& document,
                        net::Response& response);
void add_checksum_headers(const ObjectDocument& document, net::Response& response);
// <ChecksumCRC32>…</ChecksumCRC32><ChecksumType>…
void add_checksum_elements(const ObjectDocument& document, XmlText& xml);

// If-Match and If-None-Match of a request that changes an object.
store::ObjectCondition change_condition(const S3Call& call);

// The conditions of a read, in HTTP's order. `prefix`: "" or "x-amz-copy-source-".
enum class Verdict { kSend, kNotModified, kFailed };
Verdict read_verdict(const S3Call& call, const std::string& prefix, const store::Object& object);

}  // namespace kiln::services
