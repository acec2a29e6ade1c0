#include "sdk/clients/aws/s3_service.h"

#include <algorithm>

namespace kiln::s3 {
namespace {

// What S3 takes for a bucket's name, the old ones too. It becomes part of a host name or a path.
bool is_bucket(std::string_view name) {
  return name.size() >= 1 && name.size() <= 255 && name.front() != '.' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_';
         });
}

// AWS's certificate covers one label; a host name knows no capitals.
bool fits_in_host(std::string_view bucket) {
  return bucket.size() <= 63 && std::all_of(bucket.begin(), bucket.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

[[noreturn]] void refuse(std::string_view operation, const char* code, std::string message) {
  throw aws::Error({"s3", std::string(operation), code, std::move(message), 0, ""});
}

}  // namespace

Service::Service(aws::Config config)
    : client_({.name = "s3", .path_form = aws::PathForm::kAsIs, .content_hash = true},
              std::move(config)) {}

aws::Call Service::on_bucket(std::string_view operation, std::string method,
                             const std::string& bucket) const {
  if (!is_bucket(bucket)) refuse(operation, "InvalidBucketName", "'" + bucket + "' is no bucket");
  aws::Call call{.operation = operation, .method = std::move(method)};
  if (!client_.is_custom_endpoint() && fits_in_host(bucket)) {
    call.host_prefix = bucket + ".";
    call.path = "/";
  } else {
    call.path = "/" + bucket;
  }
  return call;
}

aws::Call Service::on_object(std::string_view operation, std::string method,
                             const std::string& bucket, const std::string& key) const {
  // Without a key the call would be on the bucket.
  if (key.empty()) refuse(operation, "InvalidKey", "an object's key must not be empty");
  aws::Call call = on_bucket(operation, std::move(method), bucket);
  if (!call.path.ends_with('/')) call.path += '/';
  call.path += aws::percent_encode(key, aws::Slash::kKeep);
  return call;
}

}  // namespace kiln::s3
