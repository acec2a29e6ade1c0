// Where a JSON string needs a look at its characters, sixteen bytes at a time. Only where the
// machine has SSE2; elsewhere readers and writers go by words or bytes of their own.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>

namespace kiln::sdk {

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

}  // namespace kiln::sdk
#endif
