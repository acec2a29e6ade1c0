// Writing JSON straight into a text, without building a value. Pure; linear.
#pragma once

#include <string>
#include <string_view>

namespace kiln {

// In quotes and escaped; bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);
// The shortest text that reads as the same double, with a point or an exponent: "1.0", "1e+21";
// "null" for infinity and what is no number.
void append_json_number(std::string& out, double value);

// `text`, with each sequence of bytes that is no UTF-8 replaced by U+FFFD.
void append_utf8(std::string& out, std::string_view text);
bool is_utf8(std::string_view text);

}  // namespace kiln
