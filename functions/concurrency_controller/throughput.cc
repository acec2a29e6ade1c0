// concurrency_controller_throughput: the handler without the engine; see bench/data_throughput.h.
#include <kiln/json_handler.h>

#include "bench/data_throughput.h"
#include "handler.h"

int main(int argc, char** argv) {
  return kiln::bench::named_failure(argv[0], [&] {
    concurrency_controller::Handler handler(
        concurrency_controller::Config::from_environment(),
        [](auto budget) { return concurrency_controller::open_aws_backend(budget); });
    return kiln::bench::data_throughput(
        argc, argv,
        kiln::json_handler([&](const nlohmann::json& event, const kiln::Context& context) {
          return handler.handle(event, context);
        }));
  });
}
