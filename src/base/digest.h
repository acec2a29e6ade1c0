// SHA-256 and base64, as AWS's fields need them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kiln {

std::string sha256_hex(std::string_view data);
std::string sha256_base64(std::string_view data);  // CodeSha256
std::string base64_encode(std::string_view data);
std::optional<std::string> base64_decode(std::string_view text);  // nullopt: not base64

}  // namespace kiln
