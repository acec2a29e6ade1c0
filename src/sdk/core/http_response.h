// HttpResponse: an HTTP/1.1 response, parsed as its bytes arrive.
//
//   ByteBuffer buffer;
//   HttpResponse response;
//   while (response.advance(buffer.bytes()) == HttpResponse::State::kMore) read_more_into(buffer);
//   use(response.status(), response.body(buffer.view()));
//
// The caller owns the bytes, passes all of them each time, and only appends to them; a chunked body
// is decoded in place, so the body is one view in it, never a copy. Interim (1xx) responses are
// skipped. No input makes it read outside the buffer, throw or abort.
//
// Threading: one thread. Cost: each byte is looked at once, except the head's last three.
// Limits: head 1 MiB, body 64 MiB; past them the response is bad. Trailers are skipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace kiln::sdk {

class HttpResponse {
 public:
  enum class State {
    kMore,  // more bytes are needed
    kDone,
    kBad,  // this is no HTTP response, or it is too large
  };

  // The headers that the Runtime API uses.
  enum Header {
    kRequestId,
    kDeadlineMs,
    kInvokedFunctionArn,
    kTraceId,
    kClientContext,
    kCognitoIdentity,
    kTenantId,
    kExtensionId,  // of the Extensions API
    kHeaderCount
  };

  static constexpr size_t kMaxHead = size_t{1} << 20;
  static constexpr size_t kMaxBody = size_t{64} << 20;

  // Takes notice of what was appended since the last call. The buffer may have moved.
  State advance(std::span<char> buffer);
  // The stream has ended; a body that ends with it is complete now.
  State end_of_stream(size_t buffer_size);

  // How many bytes are surely still to come, so that they can be read in one go. 0: unknown.
  size_t missing(size_t buffer_size) const;

  // REQUIRES: the state is kDone; `buffer` is the one that was parsed.
  int status() const { return status_; }
  bool keep_alive() const { return keep_alive_; }
  // Where the response ends: bytes past it belong to none.
  size_t end() const { return parsed_; }
  std::string_view header(std::string_view buffer, Header name) const {
    return buffer.substr(headers_[name].begin, headers_[name].size);
  }
  std::string_view body(std::string_view buffer) const {
    return buffer.substr(body_begin_, body_size_);
  }

 private:
  enum class Phase {
    kHead,
    kSized,
    kUntilClose,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailer,
    kDone,
    kBad
  };
  struct Range {
    size_t begin = 0;
    size_t size = 0;
  };

  bool parse_head(std::string_view buffer, size_t head_end);
  bool parse_header_line(std::string_view line, size_t line_begin);
  void decode_chunks(std::span<char> buffer);

  Phase phase_ = Phase::kHead;
  int status_ = 0;
  bool keep_alive_ = true;
  bool chunked_ = false;
  bool sized_ = false;
  Range headers_[kHeaderCount];
  size_t parsed_ = 0;      // everything before it is understood
  size_t head_begin_ = 0;  // past interim responses
  size_t body_begin_ = 0;
  size_t body_size_ = 0;  // decoded so far; for a sized body, all of it
  size_t chunk_left_ = 0;
};

}  // namespace kiln::sdk
