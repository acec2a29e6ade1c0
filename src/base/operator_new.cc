// The C++ library's `operator new`, with base/memory_reserve.h behind it. A file of its own for the
// linker, so that a test may bring another that counts. The sanitizers bring theirs.
#include <cstddef>
#include <cstdlib>
#include <new>

#include "base/memory_reserve.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

// Larger pieces are what a request is refused for.
constexpr std::size_t kSmall = std::size_t{64} * 1024;

}  // namespace

void* operator new(std::size_t bytes) {
  for (;;) {
    if (void* const memory = std::malloc(bytes > 0 ? bytes : 1)) return memory;
    if (bytes > kSmall || !kiln::spend_memory_reserve()) throw std::bad_alloc();
  }
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif
