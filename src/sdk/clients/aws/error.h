// From an answer that is no success to aws::Error. The answer may be anything: JSON, XML, a proxy's
// page, or nothing.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "kiln/aws.h"
#include "kiln/http.h"

namespace kiln::aws {

// REQUIRES: the status is not 2xx, or the body is an error in spite of it, as S3 sends them.
Error error_of(std::string_view service, std::string_view operation,
               const http::Response& response);
Error error_of(std::string_view service, std::string_view operation, const http::Error& error);

// An answer of 200 that is not what the service promises.
Error bad_answer(std::string_view service, std::string_view operation,
                 const http::Response& response, std::string_view problem);

}  // namespace kiln::aws
