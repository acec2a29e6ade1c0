// How long a text is to AWS: its limits count characters, not bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace kiln {

// The bytes of UTF-8 that begin a character.
inline size_t characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace kiln
