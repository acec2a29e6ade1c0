#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "base/json_access.h"
#include "cli/environment_list.h"
#include "cli/inspect_commands.h"
#include "cli/launch_file.h"
#include "cli/named_function.h"
#include "cli/usage.h"
#include "cli/usage_error.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

enum class Stop { kNo, kYes };

struct DebugOptions {
  std::string target;  // NAME[:QUALIFIER]
  int port = 0;
  bool wait = false;
  bool each = false;
  Stop stop = Stop::kNo;
  bool write_launch_file = true;
  std::string source;   // folder of the code
  std::string program;  // with symbols
};

constexpr const char* kLaunchFile = ".vscode/launch.json";
constexpr auto kStartPatience = std::chrono::seconds(10);
constexpr auto kPause = std::chrono::milliseconds(10);

std::string debug_path(const NamedFunction& function) {
  return "/_kiln/debug/" + percent_encode(function.name) + qualifier_query(function.qualifier());
}

// Whether somebody listens on a port of this machine. It isn't tried: a debugger takes the first
// connection for its client.
bool listens(int port) {
  std::ifstream in("/proc/net/tcp");
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream words(line);
    std::string number, local, remote, state;
    words >> number >> local >> remote >> state;
    const size_t colon = local.find(':');
    if (state == "0A" && colon != std::string::npos &&
        std::stoi(local.substr(colon + 1), nullptr, 16) == port)
      return true;
  }
  return false;
}

// Waits until the debugger can be reached. Error: its environment has ended.
Result<void> wait_until_it_listens(ApiClient& client, const NamedFunction& function, int port) {
  const auto end = std::chrono::steady_clock::now() + kStartPatience;
  for (int round = 0; std::chrono::steady_clock::now() < end; ++round) {
    if (listens(port)) return {};
    std::this_thread::sleep_for(kPause);
    if (round % 10 != 9) continue;
    const Result<json> all = list_environments(client);
    if (!all) return all.error();
    const bool there = std::any_of(all->begin(), all->end(), [&](const json& each) {
      return number_at(each, "debugPort") == port && string_at(each, "phase") != "stopping";
    });
    if (!there)
      return Error{ErrorKind::kUnavailable, "DebuggerGone",
                   "the environment has ended before a debugger could attach; `kiln logs " +
                       function.words() + "` says why"};
  }
  return {};  // of another machine nothing is seen
}

// The program with symbols, as far as a look around finds it.
std::string find_program(const DebugOptions& options, const std::string& function,
                         const std::string& hot_folder) {
  std::error_code ec;
  if (!options.program.empty()) return fs::absolute(options.program, ec);
  for (const fs::path& path :
       {fs::path(options.source) / "build" / function, fs::path(options.source) / function,
        fs::path(hot_folder) / "bootstrap"})
    if (path.is_absolute() && fs::is_regular_file(path, ec)) return path;
  return "";
}

std::string attach_line(const DebugTarget& target) {
  const std::string address = target.host + ":" + std::to_string(target.port);
  if (target.debugger == "gdbserver")
    return "gdb -ex 'target remote " + address + "'" +
           (target.program.empty() ? "" : " " + target.program);
  if (target.debugger == "inspector") return "node inspect " + address;
  return "VS Code: Run and Debug, \"kiln: " + target.function + "\" (debugpy on " + address + ")";
}

// Returns what to say of it.
std::string write_launch_file(const DebugTarget& target) {
  const nlohmann::ordered_json configuration = launch_configuration(target);
  std::ifstream in(kLaunchFile, std::ios::binary);
  const std::string before((std::istreambuf_iterator<char>(in)), {});
  const Result<std::string> text = with_configuration(before, configuration);
  if (!text)
    return std::string(kLaunchFile) + " " + text.error().message + "; add this to it:\n" +
           json_pretty(configuration, 4);
  std::error_code ec;
  fs::create_directories(fs::path(kLaunchFile).parent_path(), ec);
  std::ofstream out(kLaunchFile, std::ios::binary);
  out << *text;
  out.close();
  if (!out) return std::string("can't write ") + kLaunchFile;
  return std::string("wrote ") + kLaunchFile + " (configuration \"kiln: " + target.function + "\")";
}

int run_stop(Console& console, OutputFormat format, ApiClient& client,
             const NamedFunction& function) {
  const Result<json> answer =
      client.json({.method = "DELETE", .path = "/_kiln/debug/" + percent_encode(function.name)});
  if (!answer) {
    const auto there = configuration_of(client, function);
    return fail(console, there ? answer.error() : there.error(), function.name);
  }
  if (format == OutputFormat::kJson)
    console.out << json_dump(json{{"stopped", function.name}}) << '\n';
  else
    console.out << "ended the environment of " << function.name << " that was debugged\n";
  return kExitOk;
}

Result<void> check_paths(const DebugOptions& options) {
  std::error_code ec;
  if (!options.program.empty() && !fs::is_regular_file(options.program, ec))
    return usage("there is no file '" + options.program +
                 "'; --program names the one with symbols");
  if (!options.source.empty() && !fs::is_directory(options.source, ec))
    return usage("there is no folder '" + options.source +
                 "'; --source names the one of your code");
  return {};
}

int run_debug(Console& console, const ClientOptions& client_options, DebugOptions options) {
  const Result<NamedFunction> named = read_function(options.target, client_options.api);
  if (!named) return fail(console, named.error());
  const NamedFunction& function = *named;
  if (const auto there = check_paths(options); !there) return fail(console, there.error());
  Result<ApiClient> client = ApiClient::create(function.api);
  if (!client) return fail(console, client.error());
  // What is debugged may be left of a function that is gone.
  if (options.stop == Stop::kYes)
    return run_stop(console, client_options.format, *client, function);
  if (const auto there = configuration_of(*client, function); !there)
    return fail(console, there.error());
  const Result<json> answer =
      send_document(*client, "POST", debug_path(function),
                    {{"port", options.port}, {"wait", options.wait}, {"each", options.each}});
  if (!answer) return fail(console, error_on(function, answer.error()), function.name);
  const std::string hot_folder = string_at(*answer, "hotReloadFolder");
  std::error_code ec;
  if (options.source.empty())
    options.source = hot_folder.empty() ? fs::current_path(ec).string() : hot_folder;
  options.source = fs::absolute(options.source, ec).lexically_normal();
  DebugTarget target;
  target.function = function.name;
  target.debugger = string_at(*answer, "debugger");
  target.host = string_at(*answer, "host");
  target.port = static_cast<int>(number_at(*answer, "port"));
  target.task_root = string_at(*answer, "taskRoot");
  target.source = options.source;
  if (target.debugger == "gdbserver")
    target.program = find_program(options, function.name, hot_folder);
  else if (!options.program.empty())
    warn(console, "--program is for native functions; " + function.name + " runs under " +
                      target.debugger + " and needs none");
  // Python's takes a second.
  if (console.err_is_terminal)
    note(console, "starting " + target.debugger + " in an environment of " + function.name + " …");
  if (const auto ready = wait_until_it_listens(*client, function, target.port); !ready)
    return fail(console, ready.error());
  const std::string written = options.write_launch_file ? write_launch_file(target) : "";
  if (client_options.format == OutputFormat::kJson) {
    json document = *answer;
    document["attach"] = attach_line(target);
    document["program"] = target.program;
    console.out << json_pretty(document) << '\n';
    return kExitOk;
  }
  const bool waits = json_flag(*answer, "waits");
  console.out << target.debugger << " listens on " << target.host << ':' << target.port
              << (waits ? "; the function's code waits for you to attach\n" : "\n")
              << "attach:  " << console.paint(Style::kBold, attach_line(target)) << '\n';
  if (!written.empty()) console.out << written << '\n';
  console.out << "invoke:  kiln invoke " << function.words()
              << "   (its time limits are suspended)\n"
              << "end it:  kiln debug " << function.name << region_words(function.api)
              << " --stop\n";
  return kExitOk;
}

}  // namespace

void add_debug_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("debug", "Start a function under a debugger");
  command->footer(
      "Starts one execution environment under gdbserver (C++ and other native programs), "
      "Node.js's\n"
      "inspector, or debugpy (Python). Invocations go to it while it is free; init, timeout and\n"
      "idle time don't end it, and other environments go on as usual. An entry for VS Code goes\n"
      "into .vscode/launch.json.\n"
      "A native program always waits for its debugger. Python and Node.js start at once; give\n"
      "--wait to stop at breakpoints in init code.\n"
      "\n"
      "Examples:\n"
      "  kiln debug hello\n"
      "  kiln debug hello:prod --wait --port 9000\n"
      "  kiln debug hello --program build/hello\n"
      "  kiln debug hello --stop");
  auto options = std::make_shared<DebugOptions>();
  command->add_option("function", options->target, "Name with an optional version or alias")
      ->required()
      ->type_name("NAME[:QUALIFIER]");
  CLI::Option* stop = command->add_flag_callback(
      "--stop", [options] { options->stop = Stop::kYes; },
      "End the environment that is being debugged");
  command
      ->add_flag("--wait", options->wait,
                 "Start the function's code only when a debugger is attached")
      ->excludes(stop);
  command
      ->add_flag(
          "--each", options->each,
          "When the environment ends, such as after a change of the code, debug the next one too")
      ->excludes(stop);
  command
      ->add_option("--port", options->port,
                   "Where the debugger listens; default its usual port, or a free one")
      ->type_name("PORT")
      ->check(number_between(0, 65'535));
  command
      ->add_option("--source", options->source,
                   "Folder of the function's code; default the hot-reload folder, or this one")
      ->type_name("DIR");
  command
      ->add_option("--program", options->program,
                   "Native functions: the program with symbols; default build/NAME")
      ->type_name("FILE");
  command->add_flag_callback(
      "--no-launch-file", [options] { options->write_launch_file = false; },
      "Don't write .vscode/launch.json");
  auto client_options = add_client_options(*command);
  command->callback([&invocation, options, client_options] {
    invocation.exit_code = run_debug(invocation.console, *client_options, *options);
  });
}

}  // namespace kiln::cli
