// Which bucket and object a request to S3 is for: path style (/BUCKET/KEY) or virtual-host style
// (Host: BUCKET.s3.…, BUCKET.localhost). Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kiln::services {

struct S3Address {
  std::string bucket;  // "": the service itself
  std::string key;     // decoded; "": the bucket itself
};

// Whether a host is S3's whatever it is asked for: "s3.…", "BUCKET.s3.…".
bool is_s3_host(std::string_view host);
// `raw_path`: percent-encoded, without the query.
S3Address s3_address(std::string_view host, std::string_view raw_path);

// The value of x-amz-copy-source: "/BUCKET/KEY", percent-encoded; what follows "?versionId=" is
// left out.
Result<S3Address> copy_source(std::string_view value);

// Error: InvalidBucketName.
Result<void> check_bucket_name(std::string_view name);
// Error: KeyTooLongError.
Result<void> check_key(std::string_view key);

}  // namespace kiln::services
