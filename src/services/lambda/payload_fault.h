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

// "": it reads one value without a fault; what is behind that isn't looked at. REQUIRES: `text` is
// smaller than 2 GiB.
std::string payload_fault(std::string_view text);

}  // namespace kiln::services
