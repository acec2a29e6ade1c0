// Whether a payload is one value of JSON, by the grammar of RFC 8259 and no more: numbers may be
// too large for any type, escapes half of a surrogate pair, and nesting as deep as the text is
// long.
//
// simdjson finds where tokens begin and checks UTF-8, eight bytes and more at a time; a pass over
// these checks the grammar, and builds no document. Thread-safe. Cost: several GB/s; four bytes of
// memory for each token while it runs, which a thread keeps up to 1 MiB, and a bit for each level.
#pragma once

#include <string>

namespace kiln::services {

// False also for what begins with a byte order mark. Throws std::bad_alloc.
bool is_plain_json(const std::string& text);

}  // namespace kiln::services
