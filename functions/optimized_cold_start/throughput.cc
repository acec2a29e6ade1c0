// optimized_cold_start_throughput: the handler without the engine; see bench/data_throughput.h.
#include <kiln/json_view.h>

#include "bench/data_throughput.h"
#include "handler.h"

int main(int argc, char** argv) {
  return kiln::bench::named_failure(argv[0], [&] {
    optimized_cold_start::Handler handler(optimized_cold_start::Config::from_environment());
    return kiln::bench::data_throughput(
        argc, argv, kiln::view_handler([&](kiln::JsonView event, const kiln::Context& context) {
          return handler.handle(event, context);
        }));
  });
}
