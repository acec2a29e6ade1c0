// S3's calls as its client and the upload in parts make them.
//
// Threading: any thread.
#pragma once

#include <string>
#include <string_view>

#include "kiln/s3.h"
#include "sdk/clients/aws/service_client.h"

namespace kiln::s3 {

class Service {
 public:
  explicit Service(aws::Config config);

  // A call on an object, or on the bucket when `key` is empty. Throws aws::Error
  // (InvalidBucketName, InvalidKey) for names that would go somewhere else.
  aws::Call on_object(std::string_view operation, std::string method, const std::string& bucket,
                      const std::string& key) const;
  aws::Call on_bucket(std::string_view operation, std::string method,
                      const std::string& bucket) const;
  http::Response call(const aws::Call& call) { return client_.call(call); }

 private:
  aws::ServiceClient client_;
};

// Puts `body` in parts of `part_size`, more when it would take more than 10,000 of them. Returns
// the ETag.
std::string put_in_parts(Service& service, const std::string& bucket, const std::string& key,
                         std::string_view body, const PutOptions& options, size_t part_size);

// How long each part is.
size_t part_size_for(size_t size, size_t wanted);

}  // namespace kiln::s3
