// A bucket's CORS configuration: which pages' scripts may ask for its objects and read the answers.
// Whether a page may reach Kiln at all, front/doors.h decides before.
#pragma once

#include <string>
#include <vector>

#include "net/http_message.h"
#include "services/s3/call.h"

namespace kiln::services {

struct CorsRule {
  std::vector<std::string> origins, methods, headers, exposed;
  std::string max_age;  // "": none
};

// What a page asks for: by the headers of the request, or of the question before it.
struct CorsQuestion {
  std::string_view origin;
  std::string_view method;
  std::vector<std::string> headers;  // in lower case
};

// `document`: a CORSConfiguration, which was checked when it came.
std::vector<CorsRule> read_cors(const std::string& document);
CorsQuestion cors_question(const net::Request& request);
// The headers by which the first rule that allows all of it says so. False: none does.
bool add_cors(const std::vector<CorsRule>& rules, const CorsQuestion& question,
              net::Response& response);
// Lets the page that asked read the answer, if its bucket's configuration does.
void let_page_read(const S3Call& call, net::Response& response);

}  // namespace kiln::services
