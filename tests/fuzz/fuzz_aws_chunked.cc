// aws-chunked bodies: any cut of the bytes gives the same content, trailers and error.
#include <cstdint>

#include "base/check.h"
#include "wire/aws_chunked.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kiln;
  using wire::AwsChunked;
  if (size == 0) return 0;
  const size_t piece = 1 + data[0] % 16;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto read = [&](AwsChunked& chunked, size_t step, std::string& content) {
    Result<void> status;
    for (size_t at = 0; at < text.size() && status; at += step)
      status = chunked.add(text.substr(at, step), [&](std::string_view part) -> Result<void> {
        KILN_CHECK(!part.empty());
        content += part;
        return {};
      });
    return status.ok();
  };
  AwsChunked whole, cut;
  std::string content, cut_content;
  const bool good = read(whole, text.size() + 1, content);
  KILN_CHECK(read(cut, piece, cut_content) == good);
  KILN_CHECK(content == cut_content && content.size() <= text.size());
  KILN_CHECK(whole.is_done() == cut.is_done() && whole.trailers() == cut.trailers());
  return 0;
}
