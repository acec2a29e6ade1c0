#include <kiln/json_view.h>

#include "handler.h"

int main() {
  return kiln::run([] {
    using standard_handler::Handler;
    const auto config = orders::Config::from_environment(
        {.priority_level = "STANDARD", .max_processing_time = std::chrono::seconds(55)});
    return [handler = std::make_unique<Handler>(config)](
               kiln::JsonView event, const kiln::Context& context) -> std::string {
      return handler->handle(event, context);
    };
  });
}
