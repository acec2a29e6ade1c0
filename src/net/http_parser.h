// An incremental parser of HTTP/1.1 requests (RFC 9112), strict, with limits on everything:
//
//   HttpParser parser({.header_bytes = 64 * 1024});
//   while (!in.empty())
//     switch (parser.put(in)) {            // takes bytes of the front of `in`
//       case HttpParser::Step::kHead:      // once: set_body_limit(), then go on
//       case HttpParser::Step::kDone:      // take the request; what is left of `in` is the next
//       one …
//
// What could be read in two ways is refused, as it lets one request hide in another: bare line
// ends, folded lines, two lengths, a length beside chunks, another coding than chunked. Not
// thread-safe. Cost: the head is copied once and looked at once; a body once, and what has
// come of it once more when it grows, which a body of some megabytes does twice.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "net/http_message.h"

namespace kiln::net {

class HttpParser {
 public:
  struct Limits {
    uint32_t header_bytes = 64 * 1024;  // request line and headers; the trailers as many again
    uint32_t fields = 1000;
    // Memory that a request takes without asking.
    uint64_t unasked_bytes = std::numeric_limits<uint64_t>::max();
  };
  enum class Step {
    kMore,          // all of it was taken, and the request goes on
    kHead,          // the head is complete
    kRoom,          // it takes wanted() bytes of memory to go on: grant() them first
    kDone,          // the request is complete
    kHeadTooLarge,  // the request can't go on, nor what follows it on the connection
    kBodyTooLarge,
    kBad,  // fault() says why
  };

  explicit HttpParser(Limits limits) : limits_(limits) {}

  Step put(std::string_view& in);
  // Whether the request has begun, or its head is complete.
  bool got_some() const { return state_ != State::kHead || !head_.empty(); }
  bool is_head_done() const { return head_done_; }
  bool is_done() const { return state_ == State::kDone; }
  // REQUIRES: is_head_done(). Trailers are among the fields once the request is complete.
  RequestHeader& header() { return header_; }
  // What has come of the body; it may be taken at any time.
  std::string& body() { return body_; }
  // From the head, or nothing is known (chunked).
  bool is_chunked() const { return chunked_; }
  uint64_t content_length() const { return length_; }
  // Of all of the body; as the head is complete.
  void set_body_limit(uint64_t bytes) { body_limit_ = bytes; }
  // Memory of the request, from now on.
  uint64_t wanted() const { return wanted_; }
  void grant(uint64_t bytes) { granted_ = std::max(granted_, bytes); }
  // Whether the client waits for a word before it sends the body.
  bool expects_continue() const { return expects_continue_; }
  std::string_view fault() const { return fault_; }
  // For the next request.
  void reset();

 private:
  enum class State { kHead, kBody, kChunkSize, kChunk, kChunkEnd, kTrailers, kDone, kFailed };

  Step put_head(std::string_view& in);
  Step put_body(std::string_view& in);
  Step put_chunk_size(std::string_view& in);
  Step put_chunk_end(std::string_view& in);
  Step put_trailers(std::string_view& in);
  Step begin_body();
  bool parse_head();
  bool parse_request_line(std::string_view line);
  // Fields from text_[at] on, up to the blank line.
  bool parse_fields(size_t at);
  bool take_framing(std::string_view name, std::string_view value);
  bool is_bad_so_far();
  // Whether `text` takes so many more bytes. If not, its capacity becomes `capacity`, or twice what
  // it was; false: that has to be granted first.
  bool make_room(std::string& text, size_t more, size_t capacity = 0);
  size_t body_capacity(size_t more) const;
  Step fail(std::string_view why);
  bool bad(std::string_view why) {
    fault_ = why;
    return false;
  }

  Limits limits_;
  State state_ = State::kHead;
  std::string head_;  // until it is complete; then the header's
  RequestHeader header_;
  std::string body_;
  std::string line_;  // of a chunk's size, or the trailers
  uint64_t length_ = 0;
  uint64_t left_ = 0;  // of the body, or of the chunk
  uint64_t got_ = 0;   // of the body, in chunks
  uint64_t body_limit_ = std::numeric_limits<uint64_t>::max();
  uint64_t wanted_ = 0, granted_ = 0;
  bool head_done_ = false;
  bool chunked_ = false;
  bool has_length_ = false;
  bool in_trailers_ = false;
  bool has_host_ = false;
  bool expects_continue_ = false;
  bool line_checked_ = false;
  std::string_view fault_;
};

}  // namespace kiln::net
