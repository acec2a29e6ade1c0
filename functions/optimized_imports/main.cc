#include <kiln/run.h>

#include "handler.h"

int main() {
  return kiln::run([] {
    return [handler = std::make_unique<optimized_imports::Handler>()](
               std::string_view event, const kiln::Context& context) {
      return handler->handle(event, context);
    };
  });
}
