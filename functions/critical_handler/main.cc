#include <kiln/json_view.h>

#include "handler.h"

int main() {
  return kiln::run([] {
    using critical_handler::Handler;
    const auto config = orders::Config::from_environment(
        {.priority_level = "CRITICAL", .max_processing_time = std::chrono::seconds(25)});
    return [handler = std::make_unique<Handler>(config)](
               kiln::JsonView event, const kiln::Context& context) -> std::string {
      return handler->handle(event, context);
    };
  });
}
