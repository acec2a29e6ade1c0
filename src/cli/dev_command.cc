#include <algorithm>
#include <cctype>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/ascii.h"
#include "cli/folder_watch.h"
#include "cli/function_api.h"
#include "cli/inspect_commands.h"
#include "cli/log_follower.h"
#include "cli/read_file.h"
#include "cli/shell.h"
#include "cli/stop_signals.h"
#include "cli/usage.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto kWatchRound = std::chrono::milliseconds(200);
constexpr const char* kBuildFolder = "build";

struct DevOptions {
  std::string folder = ".";
  std::string name;
  std::string build;    // command; empty: CMake
  std::string runtime;  // empty, as the handler: as `kiln create` infers it, or as it is
  std::string handler;
};

// A function's name from a folder's: other characters than a name's become '-'.
std::string name_of_folder(const std::string& folder) {
  std::string name = fs::path(folder).filename().string();
  for (char& c : name)
    if (!ascii::is_alnum(c) && c != '_') c = '-';
  return name;
}

// The package that a build has made: build/NAME.zip, or the only one in build/.
Result<std::string> find_package(const std::string& folder, const std::string& name) {
  const fs::path build = fs::path(folder) / kBuildFolder;
  std::error_code ec;
  if (fs::is_regular_file(build / (name + ".zip"), ec)) return (build / (name + ".zip")).string();
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(build, ec))
    if (entry.path().extension() == ".zip") found.push_back(entry.path().string());
  if (found.size() == 1) return found[0];
  return usage(found.empty() ? "the build made no package " + (build / (name + ".zip")).string() +
                                   "; kiln_lambda(" + name + ") in CMakeLists.txt makes it"
                             : "there are several packages in " + build.string() +
                                   "; choose one by the function's name, with --name");
}

class Session {
 public:
  Session(Console& console, const ClientOptions& options, DevOptions dev)
      : console_(console),
        options_(options),
        dev_(std::move(dev)),
        builds_(!dev_.build.empty() || fs::exists(fs::path(dev_.folder) / "CMakeLists.txt")) {}

  int run(ApiClient& client) {
    const StopSignals signals;
    FolderWatch watch(dev_.folder, {kBuildFolder});
    const Result<void> first = deploy();
    // Without a first build there is nothing to run, but the next save may bring it.
    if (!first && !builds_) return fail(console_, first.error());
    if (!first) say_failure(first.error());
    const FunctionTarget target{dev_.name, ""};
    LogFollower log(client, log_group_of(client, target), epoch_ms(SystemClock().wall_now()));
    console_.err << "watching " << dev_.folder << "; Ctrl-C ends it\n";
    while (!signals.stopped_within(Duration(0)) && console_.out && !output_reader_gone()) {
      if (const std::string fault = watch.take_fault(); !fault.empty()) warn(console_, fault);
      const std::vector<std::string> changed = watch.wait(kWatchRound);
      if (!changed.empty()) on_change(changed);
      // A function without a log yet has no lines.
      if (const auto lines = log.poll())
        for (const LogLine& line : *lines)
          console_.out << line.message << (line.message.ends_with('\n') ? "" : "\n");
      console_.out.flush();
    }
    return kExitOk;
  }

 private:
  Result<void> deploy() {
    std::string create =
        "/proc/" + std::to_string(::getpid()) + "/exe create " + shell_word(dev_.name) + " ";
    if (!builds_) {
      create += shell_word(dev_.folder) + " --hot-reload";
    } else {
      const auto start = std::chrono::steady_clock::now();
      if (auto built = build(); !built) return built;
      const Result<std::string> package = find_package(dev_.folder, dev_.name);
      if (!package) return package.error();
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::steady_clock::now() - start);
      console_.err << "built in " << static_cast<double>(took.count() / 100) / 10 << " s\n";
      create += shell_word(*package);
    }
    if (!dev_.runtime.empty()) create += " --runtime " + shell_word(dev_.runtime);
    if (!dev_.handler.empty()) create += " --handler " + shell_word(dev_.handler);
    create += " --update --endpoint " + shell_word(options_.api.endpoint) + " --region " +
              shell_word(options_.api.region) + " 1>&2";
    // It has said itself what is wrong.
    if (!run_shell(create, ""))
      return Error{ErrorKind::kInvalid, "NotCreated", "'" + dev_.name + "' was not updated"};
    return {};
  }

  Result<void> build() {
    const std::string at = shell_word((fs::path(dev_.folder) / kBuildFolder).string());
    std::string command = dev_.build;
    if (command.empty()) {
      std::error_code ec;
      command = "cmake --build " + at;
      if (!fs::exists(fs::path(dev_.folder) / kBuildFolder / "CMakeCache.txt", ec))
        command = "cmake -S " + shell_word(dev_.folder) + " -B " + at + " && " + command;
    }
    // What a compiler says goes to stderr, with everything that isn't the function's log.
    const Result<std::string> built =
        run_shell("cd " + shell_word(dev_.folder) + " && { " + command + "; } 1>&2", "");
    return built ? Result<void>() : built.error();
  }

  void on_change(const std::vector<std::string>& changed) {
    console_.err << "changed: " << changed[0];
    if (changed.size() > 1) console_.err << " and " << changed.size() - 1 << " more";
    console_.err << '\n';
    if (!builds_) return;  // the engine has seen it, too, and starts new environments
    if (const Result<void> done = deploy(); !done) say_failure(done.error());
  }

  void say_failure(const Error& error) {
    console_.err << console_.paint_err(Style::kRed, "kiln:") << ' ' << error.message
                 << "; the last version that was built stays, and the "
                 << "next save tries again\n";
  }

  Console& console_;
  const ClientOptions& options_;
  DevOptions dev_;
  bool builds_;
};

int run_dev(Console& console, const ClientOptions& options, DevOptions dev) {
  std::error_code ec;
  const fs::path folder = fs::canonical(dev.folder, ec);
  if (ec == std::errc::no_such_file_or_directory)
    return fail(console, usage(nothing_at(dev.folder, "give the one of your code")));
  if (ec || !fs::is_directory(folder, ec)) {
    const std::string above = fs::path(dev.folder).parent_path().string();
    return fail(console, usage("'" + dev.folder + "' is not a folder; give the one of your code: " +
                               shell_word(above.empty() ? "." : above)));
  }
  dev.folder = folder.string();
  if (dev.name.empty()) dev.name = name_of_folder(dev.folder);
  Result<ApiClient> client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  if (const auto health = client->json({.path = "/_kiln/status"}); !health)
    return fail(console, health.error());
  return Session(console, options, std::move(dev)).run(*client);
}

}  // namespace

void add_dev_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("dev", "Run a function from its folder, and update it after each change");
  command->footer(
      "A folder with a CMakeLists.txt is built (in build/) and packed whenever you save a file; a\n"
      "build that fails leaves the last version in place. Any other folder runs where it is, as\n"
      "with `kiln create --hot-reload`. The function's log goes to stdout. For other settings, "
      "such\n"
      "as memory, create the function first; dev leaves them as they are.\n"
      "\n"
      "Examples:\n"
      "  kiln new hello && kiln dev hello\n"
      "  kiln dev ./orders --name orders-test\n"
      "  kiln dev ./hello_world --handler app.lambda_handler\n"
      "  kiln dev ./tool --build 'make package'       a command that makes build/tool.zip");
  auto dev = std::make_shared<DevOptions>();
  command->add_option("folder", dev->folder, "Folder of the function's code")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_option("--name", dev->name, "Name of the function; default the folder's")
      ->type_name("NAME");
  command->add_option("--build", dev->build, "Command that makes build/NAME.zip; default CMake")
      ->type_name("COMMAND");
  command->add_option("--runtime", dev->runtime, "As of `kiln create`, for example python3.12")
      ->type_name("NAME");
  command->add_option("--handler", dev->handler, "As of `kiln create`, for example app.handler")
      ->type_name("NAME");
  auto options = add_endpoint_options(*command);
  command->callback([&invocation, options, dev] {
    invocation.exit_code = run_dev(invocation.console, *options, *dev);
  });
}

}  // namespace kiln::cli
