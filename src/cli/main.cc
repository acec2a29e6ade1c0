// The program `kiln`. Nothing heavy happens before the command line is parsed: `serve` has 25 ms to
// be ready.
#include <string>
#include <vector>

#include "base/fence.h"
#include "cli/console.h"
#include "cli/program.h"
#include "cli/serve.h"

int main(int argc, char** argv) {
  kiln::cli::Console console = kiln::cli::process_console();
  int exit_code = 1;
  kiln::fenced("kiln", [&] {
    exit_code = kiln::cli::run_program(std::vector<std::string>(argv + 1, argv + argc), console,
                                       kiln::cli::run_serve);
  });
  return exit_code;
}
