// Text as JSON and logs need it: UTF-8 repair, JSON escapes, numbers, time stamps. Pure functions;
// those named add_ write to a tail, those named append_ do the same with a string.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/core/text_tail.h"

namespace kiln::sdk {

// The length of the valid UTF-8 sequence at the start of `text` (1 to 4), or 0: it is none.
// REQUIRES: text not empty. Overlong forms, surrogates and values above U+10FFFF are not valid.
size_t utf8_sequence(std::string_view text);

// The length of what `text` begins with that is printable ASCII, blanks included.
size_t text_prefix(std::string_view text);

// `text`, each byte that belongs to no valid sequence as U+FFFD.
void add_utf8(TextTail& out, std::string_view text);
void append_utf8(std::string& out, std::string_view text);

// `text` as a JSON string with its quotes. The result is valid JSON whatever the bytes are.
void add_json_string(TextTail& out, std::string_view text);
void append_json_string(std::string& out, std::string_view text);

// The same of text that is UTF-8. False: it is not, and what was written is only its beginning.
bool add_utf8_json_string(TextTail& out, std::string_view text);

void append_base64(std::string& out, std::string_view bytes);

void add_integer(TextTail& out, int64_t value);
void append_integer(std::string& out, int64_t value);
void add_unsigned(TextTail& out, uint64_t value);
void append_unsigned(std::string& out, uint64_t value);
// The shortest decimal form that reads back as the same number; JSON has no NaN and no infinity:
// null.
void add_real(TextTail& out, double value);
void append_real(std::string& out, double value);

// 2026-01-02T03:04:05.678Z. Makes no use of the C library's time zones, which would read files.
void add_timestamp(TextTail& out, int64_t epoch_ms);
void append_timestamp(std::string& out, int64_t epoch_ms);

}  // namespace kiln::sdk
