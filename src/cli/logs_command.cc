#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/json_access.h"
#include "base/time_format.h"
#include "cli/command.h"
#include "cli/duration_option.h"
#include "cli/function_api.h"
#include "cli/log_follower.h"
#include "cli/log_selection.h"
#include "cli/named_function.h"
#include "cli/stop_signals.h"
#include "cli/usage_error.h"
#include "logs/function_stream.h"

namespace kiln::cli {
namespace {

constexpr Duration kFollowEvery = std::chrono::milliseconds(300);
constexpr size_t kStreamShown = 6;  // characters that tell one environment from another

enum class Follow { kNo, kYes };

struct LogsOptions {
  std::vector<std::string> names;
  std::string since = "10m";
  Follow follow = Follow::kNo;
  int most_lines = 0;  // 0: all
  std::string pattern;
  std::string request_id;
  Invocations which = Invocations::kAll;
};

// The log of a function, or of some of its versions.
struct Source {
  std::string text;       // as it was given
  std::string name;       // as lines show it
  FunctionTarget target;  // the qualifier may be empty
  std::string group;
  std::unique_ptr<ApiClient> client;  // of the Region that an ARN names
  std::unique_ptr<LogFollower> follower;
  LogSelection selection;
  bool is_missing = false;  // the function, or its version
};

struct Entry {
  const Source* source;
  LogLine line;
};

// Lines of one environment have one colour; on a terminal a short name of it stands before them.
class LinePrinter {
 public:
  LinePrinter(Console& console, OutputFormat format, bool several)
      : console_(console), format_(format), several_(several) {}

  void print(const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) print(entry);
    console_.out.flush();
  }

 private:
  void print(const Entry& entry) {
    const LogLine& line = entry.line;
    if (format_ == OutputFormat::kJson) {
      nlohmann::json document = {{"timestamp", line.timestamp_ms},
                                 {"logStreamName", line.stream},
                                 {"message", line.message}};
      if (several_) document["functionName"] = plain_name(entry.source->target);
      console_.out << json_dump(document) << '\n';
      return;
    }
    std::string message = line.message;
    message.erase(message.find_last_not_of('\n') + 1);
    const WallTime time{std::chrono::milliseconds(line.timestamp_ms)};
    console_.out << console_.paint(Style::kDim, format_iso_ms(time)) << ' ';
    if (several_) console_.out << entry.source->name << ' ';
    if (console_.out_is_terminal) {
      const size_t from = line.stream.size() - std::min(line.stream.size(), kStreamShown);
      console_.out << console_.paint(color_of(line.stream), line.stream.substr(from)) << ' ';
    }
    const bool failed = line_facts(line.message).failed;
    console_.out << (failed ? console_.paint(Style::kRed, message) : message) << '\n';
  }

  Style color_of(const std::string& stream) {
    constexpr Style kStyles[] = {Style::kCyan, Style::kYellow, Style::kMagenta, Style::kBlue,
                                 Style::kGreen};
    const auto [found, fresh] = colors_.emplace(stream, colors_.size());
    return kStyles[found->second % std::size(kStyles)];
  }

  Console& console_;
  OutputFormat format_;
  bool several_;
  std::map<std::string, size_t> colors_;
};

bool is_stream_of(const std::string& stream, const Source& source,
                  const std::set<std::string>& versions) {
  const logs::StreamOwner owner = logs::owner_of_stream(source.group, stream);
  return owner.function == plain_name(source.target) &&
         (versions.empty() || versions.contains(owner.version));
}

Error no_such_source(const Source& source) {
  return no_such_target(source.text, source.client->options());
}

// What is new. One that has not run yet has no lines, and those of a function or version that was
// deleted may still be there.
Result<std::vector<LogLine>> poll(Source& source) {
  // Anew each time: an alias may move.
  const auto versions = versions_of(*source.client, source.target);
  if (!versions && versions.error().type == "ResourceNotFoundException")
    return no_such_source(source);
  if (!versions) return versions.error();
  Result<std::vector<LogLine>> lines = source.follower->poll();
  if (!lines && lines.error().type != "ResourceNotFoundException") return lines;
  if (!lines) lines = std::vector<LogLine>();
  std::erase_if(*lines,
                [&](const LogLine& line) { return !is_stream_of(line.stream, source, *versions); });
  if (lines->empty() && source.is_missing) return no_such_source(source);
  source.is_missing = false;
  return lines;
}

Result<Source> open_source(const ClientOptions& options, const LogsOptions& wanted,
                           const std::string& text, int64_t start_ms) {
  Source source{text, "", {}, "", {}, {}, LogSelection(wanted.request_id, wanted.which)};
  // `aws logs` has the group's name.
  const Result<NamedFunction> function = read_function(
      text.starts_with(logs::kFunctionGroupPrefix) ? text.substr(logs::kFunctionGroupPrefix.size())
                                                   : text,
      options.api);
  if (!function) return function.error();
  source.target = function->target;
  source.name = function->text();
  Result<ApiClient> client = ApiClient::create(function->api);
  if (!client) return client.error();
  source.client = std::make_unique<ApiClient>(*std::move(client));
  source.group = default_log_group(source.target);
  if (const auto group = find_log_group(*source.client, source.target)) {
    source.group = *group;
  } else {
    source.is_missing = group.error().type == "ResourceNotFoundException";
    // Who may only read logs finds those of most functions.
    if (!source.is_missing && group.error().type != "AccessDeniedException") return group.error();
  }
  source.follower =
      std::make_unique<LogFollower>(*source.client, source.group, start_ms, wanted.pattern);
  return source;
}

// What is new in all logs and wanted, in the order of time.
Result<std::vector<Entry>> poll_all(std::vector<Source>& sources) {
  std::vector<Entry> entries;
  for (Source& source : sources) {
    Result<std::vector<LogLine>> lines = poll(source);
    if (!lines) return lines.error();
    for (LogLine& line : source.selection.pick(*std::move(lines)))
      entries.push_back({&source, std::move(line)});
  }
  if (sources.size() > 1)
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.line.timestamp_ms < b.line.timestamp_ms;
    });
  return entries;
}

int run_logs(Console& console, const ClientOptions& client_options, const LogsOptions& options) {
  const Result<Duration> since = duration_of("--since", options.since);
  if (!since) return fail(console, since.error());
  const int64_t start_ms = std::max<int64_t>(
      0, epoch_ms(SystemClock().wall_now()) - static_cast<int64_t>(to_ms(*since)));
  std::vector<Source> sources;
  for (const std::string& name : options.names) {
    Result<Source> source = open_source(client_options, options, name, start_ms);
    if (!source) return fail(console, source.error(), name);
    sources.push_back(*std::move(source));
  }
  LinePrinter printer(console, client_options.format, sources.size() > 1);

  std::optional<StopSignals> signals;
  if (options.follow == Follow::kYes) signals.emplace();
  bool first = true;
  do {
    Result<std::vector<Entry>> entries = poll_all(sources);
    if (!entries) return fail(console, entries.error());
    const auto most = static_cast<size_t>(options.most_lines);
    if (first && most > 0 && entries->size() > most)
      entries->erase(entries->begin(), entries->end() - static_cast<ptrdiff_t>(most));
    printer.print(*entries);
    if (options.follow == Follow::kNo) {
      if (entries->empty() && client_options.format == OutputFormat::kText)
        note(console,
             "no such log lines in the last " + options.since + "; --since 1d looks further back");
      return kExitOk;
    }
    first = false;
  } while (console.out && !output_reader_gone() && !signals->stopped_within(kFollowEvery));
  return kExitOk;
}

}  // namespace

void add_logs_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("logs", "Print the logs of functions");
  command->footer(
      "On a terminal, each execution environment has a short name and a color.\n"
      "\n"
      "Examples:\n"
      "  kiln logs hello\n"
      "  kiln logs hello -f                    go on until Ctrl-C\n"
      "  kiln logs hello:live                  of the versions that an alias runs\n"
      "  kiln logs hello orders -n 50          the last 50 lines of both\n"
      "  kiln logs hello --errors --since 1d   invocations that failed, with all their lines\n"
      "  kiln logs hello --filter '?ERROR ?WARN'\n"
      "  kiln logs hello --since 1h30m --json | jq -r .message");
  auto options = std::make_shared<LogsOptions>();
  command
      ->add_option("name", options->names,
                   "Functions, with a version or alias if only its lines are wanted, or ARNs")
      ->required()
      ->type_name("NAME[:QUALIFIER]");
  command->add_flag_callback(
      "--follow,-f", [options] { options->follow = Follow::kYes; },
      "Keep printing new lines until Ctrl-C, or until the reader of a pipe goes away");
  command->add_option("--since", options->since, "How far back to start (300ms, 10s, 1h30m, 2d)")
      ->type_name("TIME")
      ->capture_default_str();
  command->add_option("--lines,-n", options->most_lines, "Start with the last N lines; 0 for all")
      ->type_name("N")
      ->check(number_between(0, 1'000'000))
      ->capture_default_str();
  CLI::Option* pattern =
      command->add_option("--filter", options->pattern, "A filter pattern of CloudWatch Logs")
          ->type_name("PATTERN");
  command->add_option("--request-id", options->request_id, "Only the lines of this invocation")
      ->type_name("ID")
      ->excludes(pattern);
  command
      ->add_flag_callback(
          "--errors", [options] { options->which = Invocations::kFailed; },
          "Only invocations that failed")
      ->excludes(pattern);
  auto client_options = add_client_options(*command);
  command->callback([&invocation, options, client_options] {
    invocation.exit_code = run_logs(invocation.console, *client_options, *options);
  });
}

}  // namespace kiln::cli
