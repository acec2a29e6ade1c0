// One request to S3, taken apart, and the operations that answer it. Threading: a worker; an
// operation blocks on the disk.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"
#include "services/s3/address.h"
#include "services/s3/body.h"
#include "store/object_store.h"
#include "wire/uri.h"

namespace kiln::services {

struct S3Call {
  store::ObjectStore& objects;
  std::string account;
  std::string region;
  S3Address address;
  wire::QueryParams query;
  net::Request request;
  std::shared_ptr<S3Body> upload = {};  // of PutObject and UploadPart: its body

  std::string_view header(std::string_view name) const { return net::field(request, name); }
  bool is_head() const { return request.method() == net::http::verb::head; }
};

using S3Result = Result<net::Response>;
using S3Operation = S3Result (*)(S3Call&);

struct S3Route {
  std::string name;  // as AWS calls it; of an unknown one: what was asked
  S3Operation operation = nullptr;
};
// By method, whether there is a bucket and a key, and the query's subresource.
S3Route find_s3_route(net::http::verb method, const S3Address& address,
                      const wire::QueryParams& query, bool is_copy);
// Whether the request's body is the content of an object or of a part.
bool is_s3_upload(net::http::verb method, const S3Address& address, const wire::QueryParams& query,
                  bool is_copy);

S3Result s3_list_buckets(S3Call& call);
S3Result s3_create_bucket(S3Call& call);
S3Result s3_head_bucket(S3Call& call);
S3Result s3_delete_bucket(S3Call& call);
S3Result s3_get_bucket_location(S3Call& call);
S3Result s3_preflight(S3Call& call);
S3Result s3_get_acl(S3Call& call);
S3Result s3_put_acl(S3Call& call);

// BucketOwnerEnforced, BucketOwnerPreferred or ObjectWriter.
bool is_s3_ownership(std::string_view text);
// What a bucket is given to keep: policy, tagging, encryption, ….
S3Result s3_get_bucket_document(S3Call& call);
S3Result s3_put_bucket_document(S3Call& call);
S3Result s3_delete_bucket_document(S3Call& call);

// The query's versionId, which an object has one of: null. Error: InvalidArgument.
Result<void> check_s3_version(const S3Call& call);
// The query's partNumber, 1 to 10,000. Error: InvalidArgument.
Result<int> s3_part_number(const S3Call& call);
// Whether encoding-type is url. Error: InvalidArgument.
Result<bool> s3_encodes(const S3Call& call);
// As it shows keys then: slashes stay readable.
std::string s3_encoded(const std::string& text);
S3Result s3_list_objects(S3Call& call);
S3Result s3_list_objects_v2(S3Call& call);
S3Result s3_list_object_versions(S3Call& call);

S3Result s3_put_object(S3Call& call);
S3Result s3_get_object(S3Call& call);  // and HeadObject
S3Result s3_get_object_attributes(S3Call& call);
S3Result s3_copy_object(S3Call& call);
S3Result s3_delete_object(S3Call& call);
S3Result s3_delete_objects(S3Call& call);

S3Result s3_get_object_tagging(S3Call& call);
S3Result s3_put_object_tagging(S3Call& call);
S3Result s3_delete_object_tagging(S3Call& call);

S3Result s3_create_upload(S3Call& call);
S3Result s3_upload_part(S3Call& call);
S3Result s3_upload_part_copy(S3Call& call);
S3Result s3_complete_upload(S3Call& call);
S3Result s3_abort_upload(S3Call& call);
S3Result s3_list_parts(S3Call& call);
S3Result s3_list_uploads(S3Call& call);

}  // namespace kiln::services
