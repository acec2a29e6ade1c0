// Objects in S3, or in anything that speaks its language.
//
//   kiln::s3::Client s3;  // AWS_ENDPOINT_URL_S3 or AWS's own
//   s3.put("bucket", "reports/2026 q1.txt", "text", {.content_type = "text/plain"});
//   const auto object = s3.get("bucket", "reports/2026 q1.txt");
//   for (const auto& entry : s3.list("bucket", "reports/")) use(entry.key, entry.size);
//
// A put of more than 8 MiB goes up in parts (CreateMultipartUpload, UploadPart, Complete), one
// after the other; when one fails for good the upload is aborted, so that nothing stays behind to
// be paid for. Buckets are named in the path at a custom endpoint, in the host at AWS.
//
// All throw aws::Error; a missing object is NoSuchKey, or NotFound from head().
//
// Threading: any thread. Ownership: a body is referred to during the call only. Cost: an object is
// held in memory once; get_to() holds a piece of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kiln/aws.h"

namespace kiln::s3 {

using Time = std::chrono::system_clock::time_point;

struct ObjectInfo {
  uint64_t size = 0;  // of the whole object, also when a part of it was asked for
  std::string content_type;
  std::string etag;  // with its quotes
  std::optional<Time> last_modified;
};
struct Object : ObjectInfo {
  std::string body;
};

struct Listed {
  std::string key;
  uint64_t size = 0;
  std::string etag;
  std::optional<Time> last_modified;
};
struct ListPage {
  std::vector<Listed> objects;
  std::vector<std::string> common_prefixes;  // what `delimiter` folded
  std::string next_token;                    // empty: this is the last page
};
struct ListOptions {
  std::string prefix = {};
  std::string delimiter = {};
  int max_keys = 1000;
  std::string token = {};  // next_token of the page before
};

struct PutOptions {
  std::string content_type = "application/octet-stream";
};

class Client {
 public:
  // `part_size`: puts longer than this go up in parts of it; S3 wants 5 MiB at least. Throws
  // std::invalid_argument when the endpoint or the region can't be one.
  explicit Client(aws::Config config = aws::Config::from_environment("s3"),
                  size_t part_size = size_t{8} << 20);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  Object get(const std::string& bucket, const std::string& key);
  // The bytes from `first` to `last`, both counted in; a `last` behind the end is the end.
  Object get_range(const std::string& bucket, const std::string& key, uint64_t first,
                   uint64_t last);
  // Passes the body to `sink` piece by piece; false stops it (code Stopped). When an attempt breaks
  // amid the body the call fails: what was passed can't be taken back.
  ObjectInfo get_to(const std::string& bucket, const std::string& key,
                    const std::function<bool(std::string_view)>& sink);
  ObjectInfo head(const std::string& bucket, const std::string& key);
  // The new object's ETag.
  std::string put(const std::string& bucket, const std::string& key, std::string_view body,
                  const PutOptions& options = {});
  void remove(const std::string& bucket, const std::string& key);  // also when it is not there

  ListPage list_page(const std::string& bucket, const ListOptions& options = {});
  // All keys that begin with `prefix`, page after page.
  std::vector<Listed> list(const std::string& bucket, const std::string& prefix = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiln::s3
