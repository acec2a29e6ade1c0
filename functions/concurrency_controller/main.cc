#include <kiln/json_handler.h>

#include "handler.h"

int main() {
  return kiln::run([] {
    using namespace concurrency_controller;
    return [handler = std::make_unique<Handler>(Config::from_environment(), [](auto budget) {
              return open_aws_backend(budget);
            })](const nlohmann::json& event, const kiln::Context& context) -> nlohmann::json {
      return handler->handle(event, context);
    };
  });
}
