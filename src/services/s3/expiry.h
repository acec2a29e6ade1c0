// When a bucket's lifecycle would expire an object, which answers say; nothing here expires one.
#pragma once

#include <string>

#include "net/http_message.h"
#include "services/s3/call.h"
#include "services/s3/object_document.h"

namespace kiln::services {

// The value of x-amz-expiration: the earliest end by the rules that have an ID and are for the
// object, the first of several. "": there is none. `lifecycle`: the configuration. Pure.
std::string expiry_of(const std::string& lifecycle, const store::Object& object,
                      const ObjectDocument& document);
// Adds the header where the bucket's lifecycle says when the object ends.
void add_expiry(const S3Call& call, const store::Object& object, const ObjectDocument& document,
                net::Response& response);

}  // namespace kiln::services
