// Why a payload is no JSON, in Lambda's words, which are those of the parser that it uses
// (Jackson):
//
//   payload_fault("n\x87")
//     == "Could not parse payload into json: Invalid UTF-8 start byte 0x87\n at [Source: … column:
//     3]"
//
// Pure. One pass without recursion; reads no further than the first fault.
#pragma once

#include <string>
#include <string_view>

namespace kiln::services {

// REQUIRES: `text` is not one value of JSON. What this reads to the end without a fault (something
// behind the value) gets `otherwise`.
std::string payload_fault(std::string_view text, std::string_view otherwise);

}  // namespace kiln::services
