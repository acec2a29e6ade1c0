// The body of an upload on its way to the disk: taken out of aws-chunked, summed up, and held
// against every length and checksum that the request announces. Not thread-safe: one upload, its
// parts one after the other.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"
#include "store/object_store.h"
#include "wire/aws_chunked.h"
#include "wire/checksum.h"

namespace kiln::services {

inline constexpr int64_t kMaxUploadBytes = int64_t{5} << 30;  // of PutObject and UploadPart

// A file that is written, with its MD5 and one other checksum.
class ObjectContent {
 public:
  ObjectContent(store::ObjectFile&& file, wire::ChecksumAlgorithm algorithm)
      : file_(std::move(file)), algorithm_(algorithm), checksum_(algorithm) {}

  Result<void> add(std::string_view bytes);
  store::ObjectFile& file() { return file_; }
  std::string md5_hex() { return md5_.hex(); }
  wire::Checksum& md5() { return md5_; }
  wire::Checksum& checksum() { return checksum_; }
  wire::ChecksumAlgorithm algorithm() const { return algorithm_; }

 private:
  store::ObjectFile file_;
  wire::Checksum md5_{wire::ChecksumAlgorithm::kMd5};
  wire::ChecksumAlgorithm algorithm_;
  wire::Checksum checksum_;
};

class S3Body {
 public:
  // What the header says of the body. `content`: text of the headers only; the request may go.
  explicit S3Body(const net::RequestHeader& header);

  // REQUIRES: not after finish(). The first error stays, and finish() answers it.
  void add(store::ObjectStore& objects, std::string_view bytes);
  // The same for a part that could not be taken, for lack of memory.
  void fail() {
    status_ = Error{ErrorKind::kInternal, "InternalError",
                    "Kiln could not take a part of the body in; its standard error says why."};
  }
  // BadDigest, IncompleteBody, EntityTooLarge, …
  Result<ObjectContent> finish(store::ObjectStore& objects);

 private:
  Result<void> write(store::ObjectStore& objects, std::string_view bytes);
  Result<void> begin(store::ObjectStore& objects);
  Result<void> compare();
  std::string_view field(std::string_view name) const;

  std::map<std::string, std::string, std::less<>> fields_;  // by lower-case name
  std::optional<wire::AwsChunked> chunked_;
  std::optional<ObjectContent> content_;
  bool is_part_ = false;
  std::optional<wire::Checksum> sha256_;  // what the signature was made over
  Result<void> status_;
};

// Whether a body that is in memory is what Content-MD5 and x-amz-checksum-… say.
Result<void> check_s3_body(const net::RequestHeader& header, std::string_view body);
// Whether the header has a checksum of the body at all.
bool has_body_checksum(const net::RequestHeader& header);

}  // namespace kiln::services
