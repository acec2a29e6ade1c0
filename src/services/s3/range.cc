#include "services/s3/range.h"

#include <algorithm>
#include <charconv>

#include "services/s3/xml.h"

namespace kiln::services {
namespace {

std::optional<int64_t> number(std::string_view text) {
  int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || ec != std::errc() || end != text.data() + text.size() || value < 0)
    return std::nullopt;
  return value;
}

}  // namespace

Result<std::optional<ByteRange>> read_range(std::string_view header, int64_t size) {
  constexpr std::string_view kUnit = "bytes=";
  const std::optional<ByteRange> whole;
  if (!header.starts_with(kUnit)) return whole;
  header.remove_prefix(kUnit.size());
  const size_t dash = header.find('-');
  if (dash == std::string_view::npos) return whole;
  const std::string_view first_text = header.substr(0, dash), last_text = header.substr(dash + 1);
  const auto first = number(first_text), last = number(last_text);
  const Error out_of_range{ErrorKind::kInvalid, "InvalidRange",
                           "The requested range is not satisfiable"};
  if (first_text.empty()) {
    if (!last) return whole;
    if (*last == 0 || size == 0) return out_of_range;
    const int64_t length = std::min(*last, size);
    return std::optional(ByteRange{size - length, length});
  }
  if (!first || (!last && !last_text.empty()) || (last && *last < *first)) return whole;
  if (*first >= size) return out_of_range;
  const int64_t end = last ? std::min(*last, size - 1) : size - 1;
  return std::optional(ByteRange{*first, end - *first + 1});
}

Result<ByteRange> read_copy_range(std::string_view header, int64_t size) {
  if (header.empty()) return ByteRange{0, size};
  const auto refused = [&](std::string message) {
    return s3_with(s3_with(s3_invalid("InvalidArgument", std::move(message)), "ArgumentName",
                           "x-amz-copy-source-range"),
                   "ArgumentValue", header);
  };
  constexpr std::string_view kUnit = "bytes=";
  std::string_view text = header;
  const bool has_unit = text.starts_with(kUnit);
  if (has_unit) text.remove_prefix(kUnit.size());
  const size_t dash = std::min(text.find('-'), text.size());
  const auto first = number(text.substr(0, dash));
  const auto last = number(text.substr(std::min(dash + 1, text.size())));
  if (!has_unit || !first || !last || *last < *first)
    return refused(
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and "
        "last are the zero-based offsets of the first and last bytes to copy");
  if (*first >= size)
    return s3_invalid("InvalidRequest",
                      "The specified copy range is invalid for the source object size");
  if (*last >= size)
    return refused("Range specified is not valid for source object of size: " +
                   std::to_string(size));
  return ByteRange{*first, *last - *first + 1};
}

std::string content_range(const ByteRange& range, int64_t size) {
  return "bytes " + std::to_string(range.offset) + "-" +
         std::to_string(range.offset + range.size - 1) + "/" + std::to_string(size);
}

}  // namespace kiln::services
