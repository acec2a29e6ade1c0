#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/time_format.h"
#include "cli/command.h"
#include "cli/duration_text.h"
#include "cli/function_api.h"
#include "cli/log_follower.h"
#include "cli/stop_signals.h"

namespace kiln::cli {
namespace {

constexpr Duration kPollEvery = std::chrono::milliseconds(300);

enum class Follow { kNo, kYes };

struct LogsOptions {
  std::string name;
  std::string since = "10m";
  Follow follow = Follow::kNo;
};

void print_lines(Console& console, OutputFormat format, const std::vector<LogLine>& lines) {
  for (const LogLine& line : lines) {
    if (format == OutputFormat::kJson) {
      const nlohmann::json document = {{"timestamp", line.timestamp_ms},
                                       {"logStreamName", line.stream},
                                       {"message", line.message}};
      console.out << document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                  << '\n';
      continue;
    }
    std::string message = line.message;
    message.erase(message.find_last_not_of("\n") + 1);
    const WallTime time{std::chrono::milliseconds(line.timestamp_ms)};
    console.out << console.paint(Style::kDim, format_iso_ms(time)) << ' ' << message << '\n';
  }
  console.out.flush();
}

// A group that is not there is a function that has not run yet, or no function at all.
Result<std::vector<LogLine>> poll_known(ApiClient& client, LogFollower& follower,
                                        const std::string& name) {
  Result<std::vector<LogLine>> lines = follower.poll();
  if (lines || lines.error().type != "ResourceNotFoundException") return lines;
  Result<nlohmann::json> function =
      client.json({.method = "GET", .path = function_path(name) + "/configuration"});
  if (function) return std::vector<LogLine>();
  if (function.error().type != "ResourceNotFoundException") return function.error();
  return no_such_function(name, client.options());
}

int run_logs(Console& console, const ClientOptions& client_options, const LogsOptions& options) {
  const Result<Duration> since = parse_duration(options.since);
  if (!since) return fail(console, since.error());
  Result<ApiClient> client = ApiClient::create(client_options.api);
  if (!client) return fail(console, client.error());
  const int64_t start_ms = epoch_ms(SystemClock().wall_now()) - static_cast<int64_t>(to_ms(*since));
  LogFollower follower(*client, "/aws/lambda/" + options.name, std::max<int64_t>(start_ms, 0));

  if (options.follow == Follow::kNo) {
    Result<std::vector<LogLine>> lines = poll_known(*client, follower, options.name);
    if (!lines) return fail(console, lines.error());
    print_lines(console, client_options.format, *lines);
    if (lines->empty() && client_options.format == OutputFormat::kText) {
      console.err << "no log lines in the last " << options.since
                  << "; --since 1d looks further back\n";
    }
    return kExitOk;
  }
  const StopSignals signals;
  do {
    Result<std::vector<LogLine>> lines = poll_known(*client, follower, options.name);
    if (!lines) return fail(console, lines.error());
    print_lines(console, client_options.format, *lines);
    if (!console.out) return kExitOk;  // nobody reads any more
  } while (!signals.stopped_within(kPollEvery));
  return kExitOk;
}

}  // namespace

void add_logs_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("logs", "Print a function's log");
  command->footer(
      "Examples:\n"
      "  kiln logs hello\n"
      "  kiln logs hello -f                   follow until Ctrl-C\n"
      "  kiln logs hello --since 1h30m --json | jq -r .message");
  auto options = std::make_shared<LogsOptions>();
  command->add_option("name", options->name, "Name of the function")->required();
  command->add_flag_callback(
      "--follow,-f", [options] { options->follow = Follow::kYes; },
      "Go on printing what comes, until Ctrl-C");
  command->add_option("--since", options->since, "How far back (300ms, 10s, 10m, 1h30m, 2d)")
      ->type_name("TIME")
      ->capture_default_str();
  auto client_options = add_client_options(*command);
  command->callback([&invocation, options, client_options] {
    invocation.exit_code = run_logs(invocation.console, *client_options, *options);
  });
}

}  // namespace kiln::cli
