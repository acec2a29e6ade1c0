// critical_handler_throughput: the handler without the engine; see bench/data_throughput.h.
#include <kiln/json_handler.h>

#include "bench/data_throughput.h"
#include "handler.h"

int main(int argc, char** argv) {
  return kiln::bench::named_failure(argv[0], [&] {
    critical_handler::Handler handler(orders::Config::from_environment(
        {.priority_level = "CRITICAL", .max_processing_time = std::chrono::seconds(25)}));
    return kiln::bench::data_throughput(argc, argv,
                                        [&](std::string_view event, const kiln::Context& context) {
                                          return handler.handle(kiln::parse_event(event), context);
                                        });
  });
}
