#include <kiln/run.h>

#include "handler.h"

int main() {
  return kiln::run([] {
    return [handler = memory_optimized::Handler(memory_optimized::Config::from_environment())](
               std::string_view event, const kiln::Context& context) -> std::string {
      return handler.handle(event, context);
    };
  });
}
