// memory_optimized_throughput: the handler without the engine; see bench/data_throughput.h.
#include "bench/data_throughput.h"
#include "handler.h"

int main(int argc, char** argv) {
  return kiln::bench::named_failure(argv[0], [&] {
    return kiln::bench::data_throughput(
        argc, argv,
        [handler = memory_optimized::Handler({})](std::string_view event, const auto& context) {
          return handler.handle(event, context);
        });
  });
}
