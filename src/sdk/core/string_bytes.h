// Where a JSON string needs a look at its characters, sixteen bytes at a time where the machine has
// SSE2; elsewhere readers and writers go by words or bytes of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace kiln::sdk {

#ifdef __SSE2__

// A bit for each of 16 bytes that a string can't pass over: quote, backslash, control characters,
// and what is not ASCII (a negative char).
inline unsigned looks_due(__m128i bytes) {
  const __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                  _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                                     _mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')));
  return static_cast<unsigned>(_mm_movemask_epi8(found));
}

inline unsigned looks_due(const char* at) {
  return looks_due(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)));
}
#endif

// Whether the text needs no look at any character.
inline bool is_plain(std::string_view text) {
  const char* at = text.data();
  const size_t size = text.size();
#ifdef __SSE2__
  if (size >= 16) {
    const char* const last = at + size - 16;
    for (; at < last; at += 16) {
      if (looks_due(at) != 0) return false;
    }
    return looks_due(last) == 0;
  }
  // Shorter ones by their ends, which overlap.
  const auto load = [&]<class Word>(Word word, size_t from) {
    std::memcpy(&word, at + from, sizeof word);
    return static_cast<int64_t>(word);
  };
  constexpr int64_t kBlanks = 0x2020202020202020;
  int64_t low = kBlanks, high = kBlanks;
  if (size >= 8) {
    low = load(uint64_t{}, 0);
    high = load(uint64_t{}, size - 8);
  } else if (size >= 4) {
    low = load(uint32_t{}, 0) | load(uint32_t{}, size - 4) << 32;
  } else if (size > 0) {
    low = (kBlanks << 24) | load(uint8_t{}, 0) | load(uint8_t{}, size / 2) << 8 |
          load(uint8_t{}, size - 1) << 16;
  }
  return looks_due(_mm_set_epi64x(high, low)) == 0;
#else
  for (size_t i = 0; i < size; ++i) {
    const auto c = static_cast<unsigned char>(at[i]);
    if (c < ' ' || c >= 0x80 || c == '"' || c == '\\') return false;
  }
  return true;
#endif
}

}  // namespace kiln::sdk
