// Which operation a request to S3 is.
#include <algorithm>
#include <array>

#include "services/s3/call.h"

namespace kiln::services {
namespace {

using net::http::verb;
using std::string_view_literals::operator""sv;

enum class Level { kService, kBucket, kObject };
enum class Copy { kNo, kYes };

struct Pattern {
  verb method;
  Level level;
  std::string_view parameter;  // of the query; "": no subresource
  std::string_view name;
  S3Operation operation;
  Copy copy = Copy::kNo;
};

constexpr Pattern kPatterns[] = {
    {verb::get, Level::kService, "", "ListBuckets", s3_list_buckets},

    {verb::options, Level::kBucket, "", "OPTIONS", s3_preflight},
    {verb::options, Level::kObject, "", "OPTIONS", s3_preflight},

    {verb::put, Level::kBucket, "", "CreateBucket", s3_create_bucket},
    {verb::head, Level::kBucket, "", "HeadBucket", s3_head_bucket},
    {verb::delete_, Level::kBucket, "", "DeleteBucket", s3_delete_bucket},
    {verb::get, Level::kBucket, "location", "GetBucketLocation", s3_get_bucket_location},
    {verb::get, Level::kBucket, "acl", "GetBucketAcl", s3_get_acl},
    {verb::put, Level::kBucket, "acl", "PutBucketAcl", s3_put_acl},
    {verb::get, Level::kBucket, "versions", "ListObjectVersions", s3_list_object_versions},
    {verb::get, Level::kBucket, "uploads", "ListMultipartUploads", s3_list_uploads},
    {verb::get, Level::kBucket, "list-type", "ListObjectsV2", s3_list_objects_v2},
    {verb::get, Level::kBucket, "", "ListObjects", s3_list_objects},
    {verb::post, Level::kBucket, "delete", "DeleteObjects", s3_delete_objects},

    {verb::get, Level::kObject, "acl", "GetObjectAcl", s3_get_acl},
    {verb::put, Level::kObject, "acl", "PutObjectAcl", s3_put_acl},
    {verb::get, Level::kObject, "attributes", "GetObjectAttributes", s3_get_object_attributes},
    {verb::get, Level::kObject, "tagging", "GetObjectTagging", s3_get_object_tagging},
    {verb::put, Level::kObject, "tagging", "PutObjectTagging", s3_put_object_tagging},
    {verb::delete_, Level::kObject, "tagging", "DeleteObjectTagging", s3_delete_object_tagging},
    {verb::post, Level::kObject, "uploads", "CreateMultipartUpload", s3_create_upload},
    {verb::post, Level::kObject, "uploadId", "CompleteMultipartUpload", s3_complete_upload},
    {verb::delete_, Level::kObject, "uploadId", "AbortMultipartUpload", s3_abort_upload},
    {verb::get, Level::kObject, "uploadId", "ListParts", s3_list_parts},
    {verb::put, Level::kObject, "uploadId", "UploadPartCopy", s3_upload_part_copy, Copy::kYes},
    {verb::put, Level::kObject, "uploadId", "UploadPart", s3_upload_part},
    {verb::put, Level::kObject, "", "CopyObject", s3_copy_object, Copy::kYes},
    {verb::put, Level::kObject, "", "PutObject", s3_put_object},
    {verb::get, Level::kObject, "", "GetObject", s3_get_object},
    {verb::get, Level::kObject, "partNumber", "GetObject", s3_get_object},
    {verb::head, Level::kObject, "", "HeadObject", s3_get_object},
    {verb::head, Level::kObject, "partNumber", "HeadObject", s3_get_object},
    {verb::delete_, Level::kObject, "", "DeleteObject", s3_delete_object},
};

// What buckets keep and give back.
constexpr std::array kDocuments = {
    "versioning"sv, "encryption"sv, "policy"sv, "publicAccessBlock"sv,
    "tagging"sv,    "lifecycle"sv,  "cors"sv,   "ownershipControls"sv,
};

// Parameters that make a request another operation: one that has no row above is not here.
constexpr std::array kSubresources = {
    "accelerate"sv,
    "acl"sv,
    "analytics"sv,
    "attributes"sv,
    "delete"sv,
    "inventory"sv,
    "intelligent-tiering"sv,
    "legal-hold"sv,
    "list-type"sv,
    "location"sv,
    "logging"sv,
    "metadataConfiguration"sv,
    "metadataTable"sv,
    "metrics"sv,
    "notification"sv,
    "object-lock"sv,
    "partNumber"sv,
    "policyStatus"sv,
    "renameObject"sv,
    "replication"sv,
    "requestPayment"sv,
    "restore"sv,
    "retention"sv,
    "select"sv,
    "session"sv,
    "torrent"sv,
    "uploadId"sv,
    "uploads"sv,
    "versions"sv,
    "website"sv,
};

bool contains(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Level level_of(const S3Address& address) {
  return address.bucket.empty() ? Level::kService
         : address.key.empty()  ? Level::kBucket
                                : Level::kObject;
}

// The parameter that decides, "" without one.
std::string_view subresource_of(const wire::QueryParams& query) {
  if (query.find("uploadId")) return "uploadId";
  for (const auto& [name, value] : query.items())
    if (contains(kDocuments, name) || contains(kSubresources, name)) return name;
  return {};
}

S3Operation document_operation(verb method) {
  return method == verb::get       ? s3_get_bucket_document
         : method == verb::put     ? s3_put_bucket_document
         : method == verb::delete_ ? s3_delete_bucket_document
                                   : S3Operation(nullptr);
}

}  // namespace

S3Route find_s3_route(verb method, const S3Address& address, const wire::QueryParams& query,
                      bool is_copy) {
  const Level level = level_of(address);
  // Pages ask alike for all operations.
  const std::string_view parameter =
      method == verb::options ? std::string_view() : subresource_of(query);
  if (level == Level::kBucket && contains(kDocuments, parameter))
    return {std::string(parameter), document_operation(method)};
  for (const Pattern& pattern : kPatterns) {
    if (pattern.method == method && pattern.level == level && pattern.parameter == parameter &&
        (pattern.copy == Copy::kNo || is_copy))
      return {std::string(pattern.name), pattern.operation};
  }
  return {std::string(parameter), nullptr};
}

bool is_s3_upload(verb method, const S3Address& address, const wire::QueryParams& query,
                  bool is_copy) {
  if (method != verb::put || is_copy) return false;
  const S3Operation operation = find_s3_route(method, address, query, false).operation;
  return operation == s3_put_object || operation == s3_upload_part;
}

}  // namespace kiln::services
