// The code that an error has in an API's answer. Types of Kiln's own, which say what part of it
// failed, are none of AWS's: clients know what to do about the service's fault. Pure.
#pragma once

#include <string>

#include "base/result.h"

namespace kiln::wire {

// `fault`: what the service calls a fault of its own.
inline std::string fault_code(const Error& error, const char* fault) {
  return error.type.empty() || error.type == "DatabaseError" ? fault : error.type;
}

}  // namespace kiln::wire
