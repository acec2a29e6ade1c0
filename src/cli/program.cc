#include "cli/program.h"

#include <algorithm>
#include <exception>

#include "cli/command.h"

namespace kiln::cli {

int run_program(const std::vector<std::string>& arguments, Console& console,
                const std::function<int(const ServeOptions&)>& serve) {
  CLI::App app("Kiln: AWS Lambda on your own machine", "kiln");
  app.footer(
      "Examples:\n"
      "  kiln serve                         start the engine on http://127.0.0.1:4566\n"
      "  kiln create hello ./hello          make a function from a folder\n"
      "  kiln invoke hello '{\"name\": \"Ada\"}'\n"
      "\n"
      "kiln COMMAND --help says more about a command. Exit codes: 0 ok, 1 the function or the\n"
      "API answered with an error, 2 wrong usage, 3 nothing answers at the endpoint.");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("kiln " KILN_VERSION));
  app.get_formatter()->column_width(28);

  Invocation invocation{console, serve};
  add_serve_command(app, invocation);
  add_new_command(app, invocation);
  add_create_command(app, invocation);
  add_invoke_command(app, invocation);
  add_list_command(app, invocation);
  add_logs_command(app, invocation);
  add_top_command(app, invocation);
  add_lint_command(app, invocation);
  add_deploy_command(app, invocation);
  add_stacks_command(app, invocation);
  add_destroy_command(app, invocation);
  add_delete_command(app, invocation);
  add_version_command(app, invocation);

  if (arguments.empty()) {
    console.out << app.help();
    return kExitUsage;
  }
  try {
    // CLI11 takes the arguments last first.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, console.out, console.err) == 0 ? kExitOk : kExitUsage;
  } catch (const std::exception& error) {
    return fail(console, {ErrorKind::kInternal, "Internal", error.what()});
  }
  console.out.flush();
  return invocation.exit_code;
}

}  // namespace kiln::cli
