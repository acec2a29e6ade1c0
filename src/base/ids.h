// Random identifiers. Thread-safe; each thread has its own generator, seeded from the kernel.
#pragma once

#include <cstdint>
#include <string>

namespace kiln {

std::string new_uuid();          // 36 characters, version 4: request ids, revision ids
std::string new_hex(int bytes);  // 2 × bytes lower-case hex characters: log stream names, keys
void append_hex(std::string& out, int bytes);
uint64_t random_u64();
double random_unit();  // [0, 1)

// A trace id as X-Ray writes it: Root=1-5e1b4151-5ac6c58f5b5daa6532e5b8a2
std::string new_trace_id(int64_t epoch_s);
void append_trace_id(std::string& out, int64_t epoch_s);

}  // namespace kiln
