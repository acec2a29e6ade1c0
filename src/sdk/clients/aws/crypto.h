// SHA-256 and HMAC from libcrypto.so.3, loaded at the first signature: libcurl has loaded it by
// then, or is about to. Linking it statically would add its 3 MB and its start-up to every
// function.
//
// Threading: any thread. Throws http::Error::kUnavailable when the library is not there.
#pragma once

#include <string>
#include <string_view>

namespace kiln::aws {

std::string sha256(std::string_view data);  // 32 bytes
std::string hmac_sha256(std::string_view key, std::string_view data);

}  // namespace kiln::aws
