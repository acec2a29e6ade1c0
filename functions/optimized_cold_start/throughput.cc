// optimized_cold_start_throughput: the handler without the engine; see bench/data_throughput.h.
#include <kiln/json_handler.h>

#include "bench/data_throughput.h"
#include "handler.h"

int main(int argc, char** argv) {
  return kiln::bench::named_failure(argv[0], [&] {
    optimized_cold_start::Handler handler(optimized_cold_start::Config::from_environment());
    return kiln::bench::data_throughput(argc, argv,
                                        [&](std::string_view event, const kiln::Context& context) {
                                          return handler.handle(kiln::parse_event(event), context);
                                        });
  });
}
