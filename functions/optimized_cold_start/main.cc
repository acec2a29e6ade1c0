#include <kiln/json_handler.h>

#include "handler.h"

int main() {
  return kiln::run([] {
    using optimized_cold_start::Config;
    using optimized_cold_start::Handler;
    return [handler = std::make_unique<Handler>(Config::from_environment())](
               const nlohmann::json& event, const kiln::Context& context) -> nlohmann::json {
      return handler->handle(event, context);
    };
  });
}
