// Metadata of objects in words of RFC 2047, =?UTF-8?B?YWJj?=: which ones S3 gives back, and as
// what. Pure.
#pragma once

#include <string>

namespace kiln::services {

// As S3 gives the value back: a word of printable ASCII alone as what it says, UTF-8 as such a
// word, everything else as it came.
std::string plain_metadata(std::string text);

}  // namespace kiln::services
