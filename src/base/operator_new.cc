// The C++ library's `operator new`, with base/memory_reserve.h behind it. A file of its own for the
// linker, so that a test may bring another that counts. The sanitizers bring theirs.
#include <cstddef>
#include <cstdlib>
#include <new>

#include "base/memory_reserve.h"

#if defined(__has_feature)  // Clang's way to say it
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KILN_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KILN_SANITIZED
#endif

#ifndef KILN_SANITIZED
namespace {

// Larger pieces are what a request is refused for.
constexpr std::size_t kSmall = std::size_t{64} * 1024;

}  // namespace

void* operator new(std::size_t bytes) {
  for (;;) {
    if (void* const memory = std::malloc(bytes > 0 ? bytes : 1)) return memory;
    if (bytes <= kSmall && kiln::spend_memory_reserve()) continue;
    kiln::note_memory_refusal();
    throw std::bad_alloc();
  }
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif
