// Whether a payload is one value of JSON, by the grammar of RFC 8259 and no more: numbers may be
// too large for any type, and escapes half of a surrogate pair, as Lambda takes both.
//
// simdjson finds where tokens begin and checks UTF-8, eight bytes and more at a time; a pass over
// these checks the grammar, and builds no document. Thread-safe. Cost: several GB/s; four bytes of
// memory for each of the text, while it runs, and a bit for each level.
#pragma once

#include <string>

namespace kiln::services {

// The text is as it was; it gets room behind its end. False also for what begins with a byte order
// mark.
bool is_plain_json(std::string& text);

}  // namespace kiln::services
