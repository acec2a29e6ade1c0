#include "cli/serve.h"

#include <cstdio>

namespace kiln::cli {

int run_serve(const ServeOptions&) {
  std::fputs("kiln: this build has no engine\n", stderr);
  return 1;
}

}  // namespace kiln::cli
