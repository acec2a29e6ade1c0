#include "tests/scarce/scarce_memory.h"

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t left = 0;
thread_local bool failed = false;

}  // namespace

void* operator new(std::size_t bytes) {
  if (left > 0 && --left == 0) {
    failed = true;
    throw std::bad_alloc();
  }
  if (void* const memory = std::malloc(bytes > 0 ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace kiln::tests {

void fail_allocation(std::size_t nth) noexcept {
  left = nth;
  failed = false;
}

bool allocation_failed() noexcept { return failed; }

}  // namespace kiln::tests
