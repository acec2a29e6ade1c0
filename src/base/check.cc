#include "base/check.h"

#include <cstdio>
#include <cstdlib>

#include "base/failed_check.h"

namespace kiln {

namespace {
char last_check[512] = "";
}  // namespace

const char* last_failed_check() { return last_check; }

void check_failed(const char* kind, const char* condition, const char* file, int line) {
  std::snprintf(last_check, sizeof last_check, "%s:%d: %s failed: %s", file, line, kind, condition);
  std::fprintf(stderr, "%s\n", last_check);
  std::abort();
}

}  // namespace kiln
