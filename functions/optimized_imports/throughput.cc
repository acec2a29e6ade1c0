// optimized_imports_throughput FILE: the handler on the event in a file; see
// bench/data_throughput.h.
#include "bench/data_throughput.h"
#include "handler.h"

int main(int argc, char** argv) {
  return kiln::bench::data_throughput(argc, argv, [](std::string_view event, const auto& context) {
    return optimized_imports::Handler("dev").handle(event, context);
  });
}
