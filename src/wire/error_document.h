// The error that an answer tells, whatever the protocol: for logs, which don't know who asked how.
#pragma once

#include <string>
#include <string_view>

namespace kiln::wire {

// A JSON document with "__type" and "message" of an error in XML or CBOR. JSON is returned as it
// is; empty: the body is none of these.
std::string error_document(std::string_view content_type, std::string_view body);

}  // namespace kiln::wire
