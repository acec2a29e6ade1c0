// The body of an upload with Content-Encoding: aws-chunked, as SDKs send it when they sign or add a
// checksum while they read:
//
//   5;chunk-signature=…\r\n hello\r\n 0;chunk-signature=…\r\n x-amz-checksum-crc32:AAAAAA==\r\n
//   \r\n
//
// Bytes come as the network cuts them. Signatures are not checked. Not thread-safe. Its own memory
// is a line at most.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kiln::wire {

class AwsChunked {
 public:
  using Visit = std::function<Result<void>(std::string_view)>;

  // Gives what is content to `visit`. The first error, of the form or of `visit`, stays: later
  // calls answer it again.
  Result<void> add(std::string_view bytes, const Visit& visit);
  // The last chunk and the trailers have come.
  bool is_done() const { return state_ == State::kDone; }
  // By lower-case name. Complete when is_done().
  const std::map<std::string, std::string>& trailers() const { return trailers_; }

 private:
  enum class State { kSize, kData, kDataEnd, kTrailer, kDone };

  Result<void> step(std::string_view& bytes, const Visit& visit);
  // Moves bytes into line_ up to the end of the line. False: more is needed.
  Result<bool> take_line(std::string_view& bytes);
  Result<void> on_size_line();
  Result<void> on_trailer_line();

  State state_ = State::kSize;
  std::string line_;
  uint64_t left_ = 0;  // of the chunk
  std::map<std::string, std::string> trailers_;
  Result<void> status_;
};

}  // namespace kiln::wire
