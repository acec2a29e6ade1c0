#include <kiln/json_view.h>

#include "handler.h"

int main() {
  return kiln::run([] {
    using optimized_cold_start::Config;
    using optimized_cold_start::Handler;
    return [handler = std::make_unique<Handler>(Config::from_environment())](
               kiln::JsonView event, const kiln::Context& context) -> std::string {
      return handler->handle(event, context);
    };
  });
}
