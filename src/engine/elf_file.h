// What is needed of an ELF file without trusting it: its build id. Pure reading; thread-safe.
#pragma once

#include <string>

namespace kiln::engine {

// The build id of an open file in hexadecimal digits; "" when it has none, or is no ELF file of 64
// bits.
std::string build_id_of(int file);

}  // namespace kiln::engine
