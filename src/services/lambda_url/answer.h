// What a function answered to a request to its URL, as HTTP: AWS's payload format 2.0, and the
// answers of streaming functions, whose metadata stand before eight zero bytes. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.h"

namespace kiln::services {

// An object with a statusCode is taken apart; a text is the body of a 200 as it is, other JSON
// without the blanks between its values. What can't be an
// HTTP response (a status outside 200–599, header fields with line breaks, a body that is not
// base64 but says so, or is JSON nested more than 512 deep) is url_failure().
net::Response url_answer(std::string&& payload);
// The head of a streamed answer, from its metadata, which stand before kEndOfMetadata; nullopt:
// they can't be an HTTP response's.
std::optional<net::Response> url_stream_head(std::string_view metadata);
inline constexpr std::string_view kEndOfMetadata{"\0\0\0\0\0\0\0\0", 8};
// 502 Internal Server Error: the function failed.
net::Response url_failure();

}  // namespace kiln::services
