#include "net/http_parser.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace kiln::net {
namespace {

constexpr std::string_view kEnd = "\r\n\r\n";
constexpr std::string_view kLineEnd = "\r\n";
// A chunk's size in hexadecimal digits, and its extensions, which nobody uses.
constexpr size_t kChunkLine = 512;
// A body whose length is known has memory for so much at first. It grows by a factor, so that
// little of it is copied again, and by no more than so many bytes, so that a length alone takes
// little.
constexpr size_t kFirst = size_t{32} * 1024;
constexpr size_t kFactor = 16;
constexpr size_t kMostAhead = size_t{8} * 1024 * 1024;

// What a byte may be part of.
constexpr uint8_t kToken = 1, kTarget = 2, kValue = 4;

constexpr std::array<uint8_t, 256> make_classes() {
  std::array<uint8_t, 256> out = {};
  for (size_t c = 0; c < 256; ++c) {
    const bool control = c < 0x20 || c == 0x7f;
    if (!control && c != ' ') out[c] |= kTarget;
    if (!control || c == '\t') out[c] |= kValue;
    if (c < 0x80 && ascii::is_alnum(static_cast<char>(c))) out[c] |= kToken;
  }
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) out[static_cast<uint8_t>(c)] |= kToken;
  return out;
}
constexpr std::array<uint8_t, 256> kClasses = make_classes();

bool is_all(std::string_view text, uint8_t kind) {
  return std::all_of(text.begin(), text.end(),
                     [kind](char c) { return (kClasses[static_cast<uint8_t>(c)] & kind) != 0; });
}

std::string_view trim(std::string_view text) { return ascii::trim(text, " \t"); }

}  // namespace

void HttpParser::reset() {
  const Limits limits = limits_;
  *this = HttpParser(limits);
}

HttpParser::Step HttpParser::fail(std::string_view why) {
  fault_ = why;
  state_ = State::kFailed;
  return Step::kBad;
}

HttpParser::Step HttpParser::put(std::string_view& in) {
  Step step = Step::kMore;
  while (step == Step::kMore && !in.empty()) {
    switch (state_) {
      case State::kHead:
        step = put_head(in);
        break;
      case State::kBody:
      case State::kChunk:
        step = put_body(in);
        break;
      case State::kChunkSize:
        step = put_chunk_size(in);
        break;
      case State::kChunkEnd:
        step = put_chunk_end(in);
        break;
      case State::kTrailers:
        step = put_trailers(in);
        break;
      case State::kDone:
        return Step::kDone;
      case State::kFailed:
        return Step::kBad;
    }
  }
  return step;
}

bool HttpParser::make_room(std::string& text, size_t more, size_t capacity) {
  const size_t needed = text.size() + more, before = text.capacity();
  if (needed <= before) return true;
  if (capacity == 0) capacity = std::max(needed, 2 * before);
  wanted_ = head_.capacity() + header_.text_.capacity() + body_.capacity() + line_.capacity() -
            before + capacity;
  if (wanted_ > std::max(limits_.unasked_bytes, granted_)) return false;
  // A new one has the capacity that was asked for, and no more.
  std::string larger;
  larger.reserve(capacity);
  larger += text;
  text = std::move(larger);
  return true;
}

size_t HttpParser::body_capacity(size_t more) const {
  const size_t needed = body_.size() + more, before = body_.capacity();
  if (chunked_) return std::max(needed, 2 * before);
  const size_t ahead = std::max(2 * before, std::min(kFactor * before, before + kMostAhead));
  return static_cast<size_t>(
      std::min<uint64_t>(body_.size() + left_, std::max({needed, kFirst, ahead})));
}

HttpParser::Step HttpParser::put_head(std::string_view& in) {
  // The end may have begun in what came before.
  const size_t before = head_.size();
  size_t end = std::string_view::npos;
  if (before == 0) {
    end = in.find(kEnd);
    if (end != std::string_view::npos) end += kEnd.size();
    const size_t take = std::min({end, in.size(), size_t{limits_.header_bytes} + 1});
    if (!make_room(head_, take, take)) return Step::kRoom;
    head_.assign(in.substr(0, take));
  } else {
    const size_t most =
        size_t{limits_.header_bytes} + 1 - std::min<size_t>(before, limits_.header_bytes + 1);
    const size_t take = std::min(in.size(), most);
    if (!make_room(head_, take)) return Step::kRoom;
    head_.append(in.substr(0, take));
    const size_t found = head_.find(kEnd, before < 3 ? 0 : before - 3);
    if (found != std::string::npos) {
      end = found + kEnd.size() - before;
      head_.resize(found + kEnd.size());
    }
  }
  const size_t used = head_.size() - before;
  const bool complete = end != std::string_view::npos && head_.size() <= limits_.header_bytes;
  in.remove_prefix(used);
  if (!complete) {
    if (is_bad_so_far()) return fail(fault_);
    if (head_.size() <= limits_.header_bytes) return Step::kMore;
    state_ = State::kFailed;
    return Step::kHeadTooLarge;
  }
  if (!parse_head()) {
    if (!fault_.empty()) return fail(fault_);
    state_ = State::kFailed;
    return Step::kHeadTooLarge;
  }
  return begin_body();
}

// What can't become a request is refused before its end comes, if it ever does.
bool HttpParser::is_bad_so_far() {
  if (line_checked_) return false;
  const size_t end = head_.find(kLineEnd);
  if (end != std::string::npos) {
    line_checked_ = true;
    return !parse_request_line(std::string_view(head_).substr(0, end));
  }
  const size_t space = std::min(head_.find(' '), head_.size());
  if (is_all(std::string_view(head_).substr(0, space), kToken)) return false;
  bad("the method is no token");
  return true;
}

bool HttpParser::parse_request_line(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return bad("the request line is not METHOD TARGET HTTP/1.1");
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (method.empty() || !is_all(method, kToken)) return bad("the method is no token");
  if (target.empty() || !is_all(target, kTarget))
    return bad("the target is empty or has a blank or a control character");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return bad("the version is not HTTP/1.1");
  header_.verb_ = http::string_to_verb(method);
  header_.method_ = {0, static_cast<uint32_t>(method.size())};
  header_.target_ = {static_cast<uint32_t>(first + 1), static_cast<uint32_t>(target.size())};
  header_.version_ = version.back() == '1' ? 11 : 10;
  return true;
}

bool HttpParser::parse_head() {
  const size_t line = head_.find(kLineEnd);
  if (!parse_request_line(std::string_view(head_).substr(0, line))) return false;
  header_.text_ = std::move(head_);
  head_.clear();
  return parse_fields(line + kLineEnd.size());
}

bool HttpParser::parse_fields(size_t at) {
  const std::string_view text = header_.text_;
  header_.fields_.reserve(16);
  while (true) {
    const size_t end = text.find(kLineEnd, at);
    if (end == std::string_view::npos) return bad("a header has no end");
    const std::string_view line = text.substr(at, end - at);
    if (line.empty()) return true;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return bad("a header has no name");
    const std::string_view name = line.substr(0, colon);
    if (!is_all(name, kToken)) return bad("a header's name has a blank or a special character");
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_all(value, kValue)) return bad("a header's value has a control character");
    if (header_.fields_.size() >= limits_.fields) return false;  // too large
    const auto place = [&text](std::string_view part) {
      return RequestHeader::Place{static_cast<uint32_t>(part.data() - text.data()),
                                  static_cast<uint32_t>(part.size())};
    };
    header_.fields_.push_back({place(name), place(value)});
    if (!take_framing(name, value)) return false;
    at = end + kLineEnd.size();
  }
}

// The headers that say where a request ends: they can't be wrong, twice, or contradict each other.
bool HttpParser::take_framing(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 4:
      if (!same_name(name, "Host")) return true;
      if (in_trailers_) return bad("a trailer is called Host");
      if (std::exchange(has_host_, true)) return bad("there are two Host headers");
      return true;
    case 6:
      if (same_name(name, "Expect")) expects_continue_ = same_name(value, "100-continue");
      return true;
    case 14: {
      if (!same_name(name, "Content-Length")) return true;
      if (in_trailers_) return bad("a trailer is called Content-Length");
      if (std::exchange(has_length_, true)) return bad("there are two Content-Length headers");
      if (chunked_) return bad("there are both Content-Length and Transfer-Encoding");
      if (value.empty() || value.size() > 18) return bad("Content-Length is no number");
      for (const char c : value) {
        if (c < '0' || c > '9') return bad("Content-Length is no number");
        length_ = length_ * 10 + static_cast<uint64_t>(c - '0');
      }
      return true;
    }
    case 17:
      if (!same_name(name, "Transfer-Encoding")) return true;
      if (in_trailers_) return bad("a trailer is called Transfer-Encoding");
      if (std::exchange(chunked_, true)) return bad("there are two Transfer-Encoding headers");
      if (has_length_) return bad("there are both Content-Length and Transfer-Encoding");
      if (!same_name(value, "chunked")) return bad("Transfer-Encoding is not chunked");
      if (header_.version_ < 11) return bad("HTTP/1.0 has no Transfer-Encoding");
      return true;
    default:
      return true;
  }
}

HttpParser::Step HttpParser::begin_body() {
  if (header_.version_ < 11) expects_continue_ = false;
  left_ = length_;
  head_done_ = true;
  if (chunked_)
    state_ = State::kChunkSize;
  else
    state_ = length_ > 0 ? State::kBody : State::kDone;
  return Step::kHead;
}

HttpParser::Step HttpParser::put_body(std::string_view& in) {
  if (state_ == State::kBody && length_ > body_limit_) {
    state_ = State::kFailed;
    return Step::kBodyTooLarge;
  }
  const auto take = static_cast<size_t>(std::min<uint64_t>(in.size(), left_));
  if (!make_room(body_, take, body_capacity(take))) return Step::kRoom;
  body_.append(in.substr(0, take));
  in.remove_prefix(take);
  left_ -= take;
  if (left_ > 0) return Step::kMore;
  if (state_ == State::kChunk) {
    state_ = State::kChunkEnd;
    return Step::kMore;
  }
  state_ = State::kDone;
  return Step::kDone;
}

HttpParser::Step HttpParser::put_chunk_size(std::string_view& in) {
  const size_t newline = in.find('\n');
  const size_t take = newline == std::string_view::npos ? in.size() : newline + 1;
  if (line_.size() + take > kChunkLine) return fail("a chunk's size has too many characters");
  line_.append(in.substr(0, take));
  in.remove_prefix(take);
  if (newline == std::string_view::npos) {
    if (ascii::hex_value(line_.front()) < 0) return fail("a chunk's size is no number");
    return Step::kMore;
  }
  if (!line_.ends_with(kLineEnd)) return fail("a chunk's size has no end");
  std::string_view digits(line_);
  digits.remove_suffix(kLineEnd.size());
  const std::string_view extension =
      digits.substr(std::min(digits.find_first_of("; \t"), digits.size()));
  digits = digits.substr(0, digits.size() - extension.size());
  if (digits.empty() || digits.size() > 15) return fail("a chunk's size is no number");
  if (!is_all(extension, kValue) || !(trim(extension).empty() || trim(extension).front() == ';'))
    return fail("a chunk's size is no number");
  // To others a quote that is left open goes on behind the line's end.
  if (std::count(extension.begin(), extension.end(), '"') % 2 != 0 ||
      extension.find('\\') != extension.npos)
    return fail("a chunk's extension has no end");
  left_ = 0;
  for (const char c : digits) {
    const int digit = ascii::hex_value(c);
    if (digit < 0) return fail("a chunk's size is no number");
    left_ = left_ * 16 + static_cast<uint64_t>(digit);
  }
  line_.clear();
  if (left_ == 0) {
    state_ = State::kTrailers;
    return Step::kMore;
  }
  if (left_ > body_limit_ || got_ > body_limit_ - left_) {
    state_ = State::kFailed;
    return Step::kBodyTooLarge;
  }
  got_ += left_;
  state_ = State::kChunk;
  return Step::kMore;
}

HttpParser::Step HttpParser::put_chunk_end(std::string_view& in) {
  const size_t take = std::min(in.size(), kLineEnd.size() - line_.size());
  line_.append(in.substr(0, take));
  in.remove_prefix(take);
  if (!kLineEnd.starts_with(line_)) return fail("a chunk is longer than its size says");
  if (line_.size() == kLineEnd.size()) {
    line_.clear();
    state_ = State::kChunkSize;
  }
  return Step::kMore;
}

HttpParser::Step HttpParser::put_trailers(std::string_view& in) {
  // A line at a time, as there need not be any.
  const size_t newline = in.find('\n');
  const size_t take = newline == std::string_view::npos ? in.size() : newline + 1;
  if (line_.size() + take > limits_.header_bytes) {
    state_ = State::kFailed;
    return Step::kHeadTooLarge;
  }
  if (!make_room(line_, take) || !make_room(header_.text_, line_.size() + take)) return Step::kRoom;
  line_.append(in.substr(0, take));
  in.remove_prefix(take);
  if (line_ != kLineEnd && !line_.ends_with(kEnd)) return Step::kMore;
  in_trailers_ = true;
  const size_t at = header_.text_.size();
  header_.text_ += line_;
  if (!parse_fields(at)) {
    if (!fault_.empty()) return fail(fault_);
    state_ = State::kFailed;
    return Step::kHeadTooLarge;
  }
  state_ = State::kDone;
  return Step::kDone;
}

}  // namespace kiln::net
