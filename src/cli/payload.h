// The payload argument of `kiln invoke`.
#pragma once

#include <istream>
#include <string>

#include "base/result.h"

namespace kiln::cli {

// Of a file with many payloads, in bytes.
inline constexpr size_t kLargestPayloads = 64U << 20;

// The file that somebody means who writes "file://event.json", as the AWS CLI has it, or the name
// of a file that is there; else "".
std::string file_meant(const std::string& argument);

// `argument`: JSON text, "@FILE" for a file's content, "-" for `in`, "" for {}.
// Error (kInvalid): the file can't be read, or what was given on the command line or read is not
// JSON.
Result<std::string> read_payload(const std::string& argument, std::istream& in);

}  // namespace kiln::cli
