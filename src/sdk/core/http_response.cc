#include "sdk/core/http_response.h"

#include <cstring>

namespace kiln::sdk {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_ignoring_case(std::string_view text, std::string_view lower_case) {
  if (text.size() != lower_case.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != lower_case[i]) return false;
  }
  return true;
}

// Whether the comma-separated list `value` names `token` (lower case).
bool lists(std::string_view value, std::string_view token) {
  while (true) {
    const size_t comma = value.find(',');
    std::string_view item = value.substr(0, comma);
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (same_ignoring_case(item, token)) return true;
    if (comma == std::string_view::npos) return false;
    value.remove_prefix(comma + 1);
  }
}

constexpr std::string_view kNames[HttpResponse::kHeaderCount] = {
    "lambda-runtime-aws-request-id",       "lambda-runtime-deadline-ms",
    "lambda-runtime-invoked-function-arn", "lambda-runtime-trace-id",
    "lambda-runtime-client-context",       "lambda-runtime-cognito-identity",
    "lambda-runtime-aws-tenant-id",        "lambda-extension-identifier",
};

constexpr size_t kMaxChunkLine = 1024;  // a chunk's size with its extensions, or a trailer

}  // namespace

HttpResponse::State HttpResponse::advance(std::span<char> buffer) {
  const std::string_view text(buffer.data(), buffer.size());
  while (phase_ == Phase::kHead) {
    const size_t end = text.find("\r\n\r\n", parsed_);
    if (end == std::string_view::npos) {
      // The end of the head may be half there: look at the last three bytes again next time.
      if (buffer.size() > parsed_ + 3) parsed_ = buffer.size() - 3;
      if (buffer.size() - head_begin_ > kMaxHead) phase_ = Phase::kBad;
      // No server's answer begins otherwise: say so at once instead of waiting for the rest of the
      // garbage.
      const auto begin = text.substr(head_begin_, 5);
      if (begin != std::string_view("HTTP/").substr(0, begin.size())) phase_ = Phase::kBad;
      return phase_ == Phase::kBad ? State::kBad : State::kMore;
    }
    if (end - head_begin_ > kMaxHead || !parse_head(text, end)) {
      phase_ = Phase::kBad;
      return State::kBad;
    }
    parsed_ = end + 4;
    body_begin_ = parsed_;
    if (status_ >= 100 && status_ < 200) {
      head_begin_ = parsed_;
      continue;
    }
    if (status_ == 204 || status_ == 304) {
      phase_ = Phase::kDone;
      body_size_ = 0;
    } else if (chunked_) {
      phase_ = Phase::kChunkSize;
      body_size_ = 0;
    } else {
      phase_ = sized_ ? Phase::kSized : Phase::kUntilClose;
    }
  }
  if (phase_ == Phase::kSized && buffer.size() - body_begin_ >= body_size_) {
    parsed_ = body_begin_ + body_size_;
    phase_ = Phase::kDone;
  }
  if (phase_ == Phase::kUntilClose) {
    keep_alive_ = false;
    if (buffer.size() - body_begin_ > kMaxBody) phase_ = Phase::kBad;
  }
  // Chunk sizes, extensions and trailers may not add up to more than the body.
  if (chunked_ && buffer.size() - body_begin_ > 2 * kMaxBody) phase_ = Phase::kBad;
  decode_chunks(buffer);
  if (phase_ == Phase::kBad) return State::kBad;
  return phase_ == Phase::kDone ? State::kDone : State::kMore;
}

HttpResponse::State HttpResponse::end_of_stream(size_t buffer_size) {
  if (phase_ == Phase::kUntilClose) {
    body_size_ = buffer_size - body_begin_;
    parsed_ = buffer_size;
    phase_ = Phase::kDone;
  }
  return phase_ == Phase::kDone ? State::kDone : State::kBad;
}

size_t HttpResponse::missing(size_t buffer_size) const {
  size_t end = 0;
  if (phase_ == Phase::kSized) end = body_begin_ + body_size_;
  if (phase_ == Phase::kChunkData) end = parsed_ + chunk_left_;
  return end > buffer_size ? end - buffer_size : 0;
}

bool HttpResponse::parse_head(std::string_view buffer, size_t head_end) {
  keep_alive_ = true;
  chunked_ = sized_ = false;
  body_size_ = 0;
  for (Range& range : headers_) range = {};

  // "HTTP/1.1 200 OK"
  const std::string_view head = buffer.substr(head_begin_, head_end - head_begin_);
  const size_t line_end = head.find("\r\n");
  const std::string_view line = head.substr(0, line_end);
  if (line.size() < 12 || line.substr(0, 7) != "HTTP/1." || (line[7] != '0' && line[7] != '1') ||
      line[8] != ' ' || (line.size() > 12 && line[12] != ' ')) {
    return false;
  }
  keep_alive_ = line[7] == '1';
  status_ = 0;
  for (const char c : line.substr(9, 3)) {
    if (c < '0' || c > '9') return false;
    status_ = status_ * 10 + (c - '0');
  }
  if (status_ < 100) return false;

  size_t begin = line_end == std::string_view::npos ? head.size() : line_end + 2;
  while (begin < head.size()) {
    size_t end = head.find("\r\n", begin);
    if (end == std::string_view::npos) end = head.size();
    if (!parse_header_line(head.substr(begin, end - begin), head_begin_ + begin)) return false;
    begin = end + 2;
  }
  return true;
}

bool HttpResponse::parse_header_line(std::string_view line, size_t line_begin) {
  const size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, colon);
  size_t value_begin = colon + 1;
  size_t value_end = line.size();
  const auto blank = [&](size_t i) { return line[i] == ' ' || line[i] == '\t'; };
  while (value_begin < value_end && blank(value_begin)) ++value_begin;
  while (value_end > value_begin && blank(value_end - 1)) --value_end;
  const std::string_view value = line.substr(value_begin, value_end - value_begin);

  if (same_ignoring_case(name, "content-length")) {
    if (value.empty() || value.size() > 9) return false;
    size_t size = 0;
    for (const char c : value) {
      if (c < '0' || c > '9') return false;
      size = size * 10 + static_cast<size_t>(c - '0');
    }
    if (size > kMaxBody || (sized_ && size != body_size_)) return false;
    sized_ = true;
    body_size_ = size;
  } else if (same_ignoring_case(name, "transfer-encoding")) {
    if (!lists(value, "chunked")) return false;  // an encoding that the client can't undo
    chunked_ = true;
  } else if (same_ignoring_case(name, "connection")) {
    if (lists(value, "close")) keep_alive_ = false;
  } else {
    for (int i = 0; i < kHeaderCount; ++i) {
      if (same_ignoring_case(name, kNames[i])) {
        headers_[i] = {line_begin + value_begin, value.size()};
        break;
      }
    }
  }
  return true;
}

// The decoded body lies at body_begin_, body_size_ long; what is not decoded yet begins at parsed_,
// behind it.
void HttpResponse::decode_chunks(std::span<char> buffer) {
  const std::string_view text(buffer.data(), buffer.size());
  while (true) {
    const size_t there = buffer.size() - parsed_;
    switch (phase_) {
      case Phase::kChunkSize: {
        const size_t end = text.find("\r\n", parsed_);
        if (end == std::string_view::npos) {
          if (there > kMaxChunkLine) phase_ = Phase::kBad;
          return;
        }
        size_t size = 0;
        size_t digits = 0;
        for (size_t i = parsed_; i < end; ++i, ++digits) {
          const char c = lower(buffer[i]);
          if (c == ';' || c == ' ' || c == '\t') break;  // an extension follows
          const int digit = c >= '0' && c <= '9'   ? c - '0'
                            : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                                   : -1;
          if (digit < 0 || digits >= 8) {
            phase_ = Phase::kBad;
            return;
          }
          size = size * 16 + static_cast<size_t>(digit);
        }
        if (digits == 0 || end - parsed_ > kMaxChunkLine || size > kMaxBody - body_size_) {
          phase_ = Phase::kBad;
          return;
        }
        parsed_ = end + 2;
        chunk_left_ = size;
        phase_ = size == 0 ? Phase::kTrailer : Phase::kChunkData;
        break;
      }
      case Phase::kChunkData: {
        if (there == 0) return;
        const size_t taken = there < chunk_left_ ? there : chunk_left_;
        std::memmove(buffer.data() + body_begin_ + body_size_, buffer.data() + parsed_, taken);
        body_size_ += taken;
        parsed_ += taken;
        chunk_left_ -= taken;
        if (chunk_left_ > 0) return;
        phase_ = Phase::kChunkEnd;
        break;
      }
      case Phase::kChunkEnd:
        if (there < 2) return;
        if (buffer[parsed_] != '\r' || buffer[parsed_ + 1] != '\n') {
          phase_ = Phase::kBad;
          return;
        }
        parsed_ += 2;
        phase_ = Phase::kChunkSize;
        break;
      case Phase::kTrailer: {
        const size_t end = text.find("\r\n", parsed_);
        if (end == std::string_view::npos) {
          if (there > kMaxChunkLine) phase_ = Phase::kBad;
          return;
        }
        const bool last = end == parsed_;
        parsed_ = end + 2;
        if (last) {
          phase_ = Phase::kDone;
          return;
        }
        break;
      }
      default:
        return;
    }
  }
}

}  // namespace kiln::sdk
