#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace kiln {

void check_failed(const char* kind, const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: %s failed: %s\n", file, line, kind, condition);
  std::abort();
}

}  // namespace kiln
