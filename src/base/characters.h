// How long a text is to AWS: its limits count characters, not bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace kiln {

// Whether a byte of UTF-8 is the first of a character.
inline bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

inline size_t characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

}  // namespace kiln
