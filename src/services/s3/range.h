// The header Range of HTTP, as far as S3 follows it: one range of bytes. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kiln::services {

struct ByteRange {
  int64_t offset = 0;
  int64_t size = 0;
};

// nullopt: the whole, as for a header that is absent, malformed or has several ranges. Error:
// InvalidRange, none of it is within `size`.
Result<std::optional<ByteRange>> read_range(std::string_view header, int64_t size);
// "bytes 0-9/100"
// x-amz-copy-source-range: bytes=first-last within the source. "" = all of it. Error:
// InvalidArgument, InvalidRequest.
Result<ByteRange> read_copy_range(std::string_view header, int64_t size);
std::string content_range(const ByteRange& range, int64_t size);

}  // namespace kiln::services
