#include <kiln/json_handler.h>

#include "handler.h"

int main() {
  return kiln::run([] {
    using cpu_optimized::Config;
    using cpu_optimized::Handler;
    return [handler = std::make_unique<Handler>(Config::from_environment())](
               const nlohmann::json& event, const kiln::Context& context) -> nlohmann::json {
      return handler->handle(event, context);
    };
  });
}
