// Requests from strangers: however the bytes are cut, the same comes out; and where our parser
// takes a request, Boost.Beast's, written by others, takes the same one and sees the same end.
// Ours is the stricter: what it refuses may pass there.
#include <boost/beast/http.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "net/http_parser.h"

namespace {

namespace beast = boost::beast::http;
using kiln::net::HttpParser;
using kiln::net::RequestHeader;

struct Outcome {
  HttpParser::Step last = HttpParser::Step::kMore;
  size_t used = 0;
  std::string method, target, body;
  std::vector<std::string> fields;
  bool operator==(const Outcome&) const = default;
};

Outcome parse(std::string_view text, size_t piece) {
  HttpParser parser({.header_bytes = 4096, .fields = 50, .unasked_bytes = 64});
  Outcome out;
  bool ended = false;
  for (size_t at = 0; at < text.size() && !ended;) {
    std::string_view in = text.substr(at, piece);
    const size_t given = in.size();
    while (!in.empty() && !ended) {
      out.last = parser.put(in);
      if (out.last == HttpParser::Step::kHead) {
        parser.set_body_limit(1000);
        if (parser.is_done()) out.last = HttpParser::Step::kDone;
      }
      if (out.last == HttpParser::Step::kRoom) {
        // Twice of each: the head while it comes, the body, and the trailers.
        KILN_CHECK(parser.wanted() <= 2 * (4096 + 1000 + 2 * 4096) + 1024);
        parser.grant(parser.wanted());
        continue;
      }
      ended = out.last != HttpParser::Step::kMore && out.last != HttpParser::Step::kHead;
    }
    at += given - in.size();
    out.used = at;
  }
  if (out.last != HttpParser::Step::kDone) {
    // How far a request that fails was read depends on the pieces.
    out.used = 0;
    if (out.last == HttpParser::Step::kHead) out.last = HttpParser::Step::kMore;
    return out;
  }
  const RequestHeader& header = parser.header();
  out.method = header.method_string();
  out.target = header.target();
  out.body = parser.body();
  for (const auto& field : header)
    out.fields.push_back(std::string(field.name_string()) + ":" + std::string(field.value()));
  return out;
}

void compare_with_beast(std::string_view text, const Outcome& ours) {
  beast::request_parser<beast::string_body> parser;
  parser.header_limit(1 << 20);
  parser.body_limit(1 << 20);
  parser.eager(true);
  boost::system::error_code ec;
  const size_t used = parser.put(boost::asio::buffer(text.data(), text.size()), ec);
  // A Connection that is no list of tokens means nothing to us.
  if (ec == beast::error::bad_value) return;
  KILN_CHECK(!ec && parser.is_done());
  KILN_CHECK(used == ours.used);
  const auto& request = parser.get();
  KILN_CHECK(std::string(request.method_string()) == ours.method);
  KILN_CHECK(std::string(request.target()) == ours.target);
  KILN_CHECK(request.body() == ours.body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Outcome whole = parse(text, text.size() + 1);
  if (whole.last == HttpParser::Step::kDone) {
    for (const size_t piece : {size_t{1}, size_t{7}}) KILN_CHECK(parse(text, piece) == whole);
    compare_with_beast(text.substr(0, whole.used), whole);
  } else {
    // Refused at once or piece by piece, but never taken.
    KILN_CHECK(parse(text, 1).last != HttpParser::Step::kDone);
  }
  return 0;
}
