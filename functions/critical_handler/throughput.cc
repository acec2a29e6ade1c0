// critical_handler_throughput: the handler without the engine; see bench/data_throughput.h.
#include <kiln/json_view.h>

#include "bench/data_throughput.h"
#include "handler.h"

int main(int argc, char** argv) {
  return kiln::bench::named_failure(argv[0], [&] {
    critical_handler::Handler handler(orders::Config::from_environment(
        {.priority_level = "CRITICAL", .max_processing_time = std::chrono::seconds(25)}));
    return kiln::bench::data_throughput(
        argc, argv, kiln::view_handler([&](kiln::JsonView event, const kiln::Context& context) {
          return handler.handle(event, context);
        }));
  });
}
