// Texts as HTTP and AWS write them: percent-encoding, base64, hexadecimal, times.
//
// Pure functions; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::aws {

using WallTime = std::chrono::system_clock::time_point;
using Query = std::vector<std::pair<std::string, std::string>>;  // not encoded

enum class Slash { kEncode, kKeep };

// All but letters, digits and "-_.~" becomes %XX, byte by byte.
std::string percent_encode(std::string_view text, Slash slash = Slash::kEncode);
// "a=1&b=2", encoded, in the order given.
std::string encode_query(const Query& query);
std::string hex(std::string_view bytes);
std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);  // nullopt: not base64
std::string lower(std::string_view text);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);

std::string format_basic(WallTime time);  // 20150830T123600Z
std::string format_iso(WallTime time);    // 2015-08-30T12:36:00Z
// ISO 8601 with "Z", with or without a fraction of a second; nullopt: not one.
std::optional<WallTime> parse_iso(std::string_view text);
// "Sun, 06 Nov 1994 08:49:37 GMT"; nullopt: not one.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace kiln::aws
