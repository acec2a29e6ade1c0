#include "wire/aws_chunked.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace kiln::wire {
namespace {

constexpr size_t kMaxLine = 4096;
constexpr size_t kMaxTrailers = 16;
constexpr uint64_t kMaxChunk = uint64_t{5} << 30;

Error malformed(const std::string& what) {
  return {ErrorKind::kInvalid, "IncompleteBody",
          "The aws-chunked request body is malformed: " + what + "."};
}

using ascii::trim;

}  // namespace

Result<bool> AwsChunked::take_line(std::string_view& bytes) {
  const size_t end = bytes.find('\n');
  const std::string_view taken = bytes.substr(0, end);
  if (line_.size() + taken.size() > kMaxLine)
    return malformed("a line is longer than " + std::to_string(kMaxLine) + " bytes");
  line_ += taken;
  bytes.remove_prefix(end == std::string_view::npos ? taken.size() : taken.size() + 1);
  if (end == std::string_view::npos) return false;
  if (line_.ends_with('\r')) line_.pop_back();
  return true;
}

Result<void> AwsChunked::on_size_line() {
  const std::string_view size = trim(std::string_view(line_).substr(0, line_.find(';')));
  const auto [end, ec] = std::from_chars(size.data(), size.data() + size.size(), left_, 16);
  if (size.empty() || ec != std::errc() || end != size.data() + size.size() || left_ > kMaxChunk)
    return malformed("'" + line_.substr(0, 40) + "' does not start with the size of a chunk");
  state_ = left_ == 0 ? State::kTrailer : State::kData;
  return {};
}

Result<void> AwsChunked::on_trailer_line() {
  if (line_.empty()) {
    state_ = State::kDone;
    return {};
  }
  const size_t colon = line_.find(':');
  if (colon == std::string::npos)
    return malformed("the trailer '" + line_.substr(0, 40) + "' has no value");
  if (trailers_.size() == kMaxTrailers) return malformed("it has too many trailers");
  std::string name = ascii::lower(trim(std::string_view(line_).substr(0, colon)));
  trailers_[std::move(name)] = trim(std::string_view(line_).substr(colon + 1));
  return {};
}

Result<void> AwsChunked::step(std::string_view& bytes, const Visit& visit) {
  if (state_ == State::kDone) return malformed("bytes follow its end");
  if (state_ == State::kData) {
    const std::string_view part = bytes.substr(0, std::min<uint64_t>(left_, bytes.size()));
    bytes.remove_prefix(part.size());
    left_ -= part.size();
    if (left_ == 0) state_ = State::kDataEnd;
    return visit(part);
  }
  auto whole = take_line(bytes);
  if (!whole) return whole.error();
  if (!*whole) return {};
  Result<void> done;
  if (state_ == State::kSize)
    done = on_size_line();
  else if (state_ == State::kTrailer)
    done = on_trailer_line();
  else if (line_.empty())
    state_ = State::kSize;
  else
    done = malformed("a chunk is longer than its size");
  line_.clear();
  return done;
}

Result<void> AwsChunked::add(std::string_view bytes, const Visit& visit) {
  while (status_ && !bytes.empty()) status_ = step(bytes, visit);
  return status_;
}

}  // namespace kiln::wire
