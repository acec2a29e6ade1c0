#include <nlohmann/json.hpp>
#include <optional>

#include "base/duration_text.h"
#include "base/json_access.h"
#include "cli/command.h"
#include "cli/function_api.h"
#include "cli/log_follower.h"
#include "cli/stop_signals.h"
#include "cli/terminal_screen.h"
#include "cli/top_view.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

enum class Rounds { kOne, kUntilStopped };

Result<json> read_status(ApiClient& client) { return client.json({.path = "/_kiln/status"}); }

// Lines, once or again and again: for pipes and programs.
int print_rounds(Console& console, const ClientOptions& options, Duration every, Rounds rounds) {
  Result<ApiClient> client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  const StopSignals signals;
  TopView view(options.api.endpoint);
  do {
    Result<json> status = read_status(*client);
    if (!status) return fail(console, status.error());
    if (options.format == OutputFormat::kJson) {
      console.out << json_dump(*status) << '\n';
    } else {
      view.update(*status, std::chrono::steady_clock::now());
      console.out << view.text(console);
    }
    console.out.flush();
  } while (rounds == Rounds::kUntilStopped && console.out && !output_reader_gone() &&
           !signals.stopped_within(every));
  return kExitOk;
}

// The log of the function that is shown in detail.
class DetailLog {
 public:
  explicit DetailLog(ClientOptions options) : options_(std::move(options)) {}

  void poll(TopView& view) {
    if (view.detailed() != of_) open(view.detailed());
    if (!follower_) return;
    // A function without a log yet has no lines.
    if (const auto lines = follower_->poll()) view.add_log(*lines);
  }

 private:
  void open(const std::optional<TopView::Name>& name) {
    of_ = name;
    follower_.reset();
    client_.reset();
    if (!name) return;
    constexpr int64_t kBackMs = 10 * 60 * 1000;
    ApiOptions api = options_.api;
    api.region = name->region;
    Result<ApiClient> client = ApiClient::create(api);
    if (!client) return;
    client_.emplace(*std::move(client));
    const FunctionTarget target{name->name, ""};
    follower_.emplace(*client_, log_group_of(*client_, target),
                      epoch_ms(SystemClock().wall_now()) - kBackMs);
  }

  ClientOptions options_;
  std::optional<TopView::Name> of_;
  std::optional<ApiClient> client_;
  std::optional<LogFollower> follower_;
};

int run_screen(Console& console, const ClientOptions& options, Duration every) {
  Result<ApiClient> client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  // Whoever isn't there at the start is told of at once; who goes away later may come back.
  if (Result<json> status = read_status(*client); !status) return fail(console, status.error());
  TopView view(options.api.endpoint);
  DetailLog log(options);
  TerminalScreen screen(console.out);
  while (true) {
    const Result<json> status = read_status(*client);
    if (status)
      view.update(*status, std::chrono::steady_clock::now());
    else
      view.set_problem(status.error().message);
    log.poll(view);
    const SteadyTime next = std::chrono::steady_clock::now() + every;
    while (true) {
      screen.draw(view.render(console, TerminalScreen::size()));
      const Duration left = next - std::chrono::steady_clock::now();
      Key key;
      const auto wake = screen.wait(std::max(left, Duration(0)), key);
      if (wake == TerminalScreen::Wake::kStopped) return kExitOk;
      if (wake == TerminalScreen::Wake::kTime) break;
      if (wake == TerminalScreen::Wake::kKey && view.on_key(key) == TopView::Next::kQuit)
        return kExitOk;
      log.poll(view);
    }
  }
}

}  // namespace

void add_top_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("top", "Watch functions, alarms, and concurrency on a full screen");
  command->footer(
      "Keys: arrows or j and k select, Enter shows one function in detail, s sorts by the next\n"
      "column, r reverses, / filters by name, q quits. PROVISIONED is ready/configured; "
      "percentiles\n"
      "are those of the last five metric minutes. Without a terminal it prints once.\n"
      "\n"
      "Examples:\n"
      "  kiln top\n"
      "  kiln top --once --json | jq '.functions[] | {name, coldStarts}'");
  auto options = add_client_options(*command);
  auto every = std::make_shared<std::string>("1s");
  auto once = std::make_shared<bool>(false);
  command->add_option("--interval", *every, "Time between two rounds (1s, 500ms)")
      ->type_name("TIME")
      ->check([](const std::string& text) {
        const Result<Duration> parsed = parse_duration(text);
        if (!parsed) return parsed.error().message;
        return *parsed > Duration(0) ? std::string()
                                     : "is '" + text + "'; it must be longer than 0";
      })
      ->capture_default_str();
  command->add_flag("--once", *once, "Print it once and end");
  command->callback([&invocation, options, every, once] {
    Console& console = invocation.console;
    const Duration pause = *parse_duration(*every);
    const bool live = console.out_is_terminal && !*once;
    if (live && console.in_is_terminal && options->format == OutputFormat::kText)
      invocation.exit_code = run_screen(console, *options, pause);
    else
      invocation.exit_code =
          print_rounds(console, *options, pause, live ? Rounds::kUntilStopped : Rounds::kOne);
  });
}

}  // namespace kiln::cli
