// echo: answers with its payload. The smallest program on the SDK, and the yardstick of the
// benchmarks.
#include <kiln/run.h>

int main() {
  return kiln::run(
      [](std::string_view payload, const kiln::Context&) { return std::string(payload); });
}
