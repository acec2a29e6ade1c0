#include <kiln/json_handler.h>

#include "handler.h"

int main() {
  return kiln::run([] {
    using optimized_cold_start::Config;
    using optimized_cold_start::Handler;
    return [handler = std::make_unique<Handler>(Config::from_environment())](
               std::string_view event, const kiln::Context& context) -> std::string {
      return handler->handle(kiln::parse_event(event), context);
    };
  });
}
