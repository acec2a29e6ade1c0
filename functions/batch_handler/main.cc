#include <kiln/json_view.h>

#include "handler.h"

int main() {
  batch_handler::keep_heap();
  return kiln::run([] {
    using batch_handler::Handler;
    const auto config = orders::Config::from_environment(
        {.priority_level = "BATCH", .max_processing_time = std::chrono::seconds(900)});
    return [handler = std::make_unique<Handler>(config)](
               kiln::JsonView event, const kiln::Context& context) -> std::string {
      return handler->handle(event, context);
    };
  });
}
