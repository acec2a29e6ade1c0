// Lines of log files, which a function wrote: read without reading beyond them; names come back
// from file names.
#include <cstdint>

#include "base/check.h"
#include "logs/files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kiln::logs;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto line = parse_log_line(text)) KILN_CHECK(line->text.size() + 24 <= text.size());
  const std::string put = put_log_line(1'769'000'000'000, 1, text);
  KILN_CHECK(put.find('\n') == put.size() - 1);
  const auto back = parse_log_line(std::string_view(put).substr(0, put.size() - 1));
  KILN_CHECK(back && back->message() == text);
  const std::string file = encode_log_name(text);
  KILN_CHECK(file.size() <= 200 && file.find('/') == std::string::npos && !file.starts_with('.'));
  if (!is_cut_log_name(file)) KILN_CHECK(decode_log_name("/nonexistent", file) == text);
  return 0;
}
