// A request as it came in and a response as it goes out. Values only.
#pragma once

#include <boost/beast/http.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unique_fd.h"

namespace kiln::net {

namespace http = boost::beast::http;

// method(), target() (path and query, still percent-encoded), operator[] for header fields, body().
using Request = http::request<http::string_body>;
using RequestHeader = http::request_header<>;

// A part of a file, sent as a body without being read into memory.
struct FilePart {
  UniqueFd file;  // none: the answer to a HEAD, which is told the size alone
  uint64_t offset = 0;
  uint64_t size = 0;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";  // empty: no Content-Type
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::shared_ptr<FilePart> file;  // where set: the body instead of `body`
  bool close = false;              // end the connection after this answer
};

inline std::string_view field(const Request& request, std::string_view name) {
  const auto v = request[boost::beast::string_view(name.data(), name.size())];
  return {v.data(), v.size()};
}
inline std::string_view target(const Request& request) {
  const auto v = request.target();
  return {v.data(), v.size()};
}

}  // namespace kiln::net
