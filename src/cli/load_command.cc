// kiln load: sends traffic to a function, and says what came of it.
#include <fmt/format.h>

#include <memory>
#include <sstream>

#include "cli/command.h"
#include "cli/duration_option.h"
#include "cli/function_api.h"
#include "cli/load_output.h"
#include "cli/load_run.h"
#include "cli/named_function.h"
#include "cli/output_file.h"
#include "cli/payload.h"
#include "cli/price_source.h"
#include "cli/read_file.h"
#include "cli/size_text.h"
#include "cli/table.h"
#include "cli/traffic_source.h"
#include "cli/tune_settings.h"
#include "cli/usage.h"
#include "cli/usage_error.h"

namespace kiln::cli {
namespace {

struct LoadArguments {
  std::string target, url, rate = "10/s", length = "30s", time_limit = "60s";
  std::string replay_file, payload, payloads_file, save_file, html_file;
  bool event = false, length_given = false, rate_given = false;
  LoadSettings settings = {};
};

Result<void> read_payloads(Console& console, LoadArguments& arguments) {
  if (arguments.payloads_file.empty()) {
    Result<std::string> payload = read_payload(arguments.payload, console.in);
    if (!payload) return payload.error();
    arguments.settings.payloads = {{*std::move(payload), 1}};
    return {};
  }
  if (!arguments.payload.empty())
    return usage("--payload and --payloads can't go together; leave one out");
  const Result<std::string> text = read_file(arguments.payloads_file, kLargestPayloads);
  if (!text) return text.error();
  Result<std::vector<tune::WeightedPayload>> payloads = parse_payloads(*text);
  if (!payloads) return usage("'" + arguments.payloads_file + "': " + payloads.error().message);
  arguments.settings.payloads = *std::move(payloads);
  return {};
}

Result<void> read_traffic(LoadArguments& arguments) {
  LoadSettings& settings = arguments.settings;
  const Result<Duration> length = duration_of("--for", arguments.length);
  if (!length) return length.error();
  if (*length <= Duration(0)) return usage("--for must be above 0");
  const Result<Duration> limit = duration_of("--time-limit", arguments.time_limit);
  if (!limit) return limit.error();
  if (*limit <= Duration(0)) return usage("--time-limit must be above 0");
  settings.length = *length;
  settings.time_limit = *limit;
  if (arguments.replay_file.empty()) {
    Result<traffic::Traffic> traffic = traffic::Traffic::parse(arguments.rate);
    if (!traffic) return of_option("--rate", traffic.error());
    settings.traffic = *std::move(traffic);
    return {};
  }
  if (arguments.rate_given) return usage("--rate and --replay can't go together; leave one out");
  Result<TracePart> part = read_trace_file(arguments.replay_file, settings.function);
  if (!part) return part.error();
  settings.traffic = std::move(part->function.traffic);
  // The last request is part of it.
  if (!arguments.length_given) settings.length = Duration(part->length + 1);
  return {};
}

Result<void> read_load_arguments(Console& console, LoadArguments& arguments, ApiOptions& api) {
  LoadSettings& settings = arguments.settings;
  if (arguments.target.empty() && arguments.url.empty())
    return usage("name a function, or a --url");
  if (arguments.event && !arguments.url.empty()) return usage("--event goes with a function");
  if (!arguments.url.empty()) {
    settings.kind = LoadKind::kUrl;
    settings.url = arguments.url;
  } else if (arguments.event) {
    settings.kind = LoadKind::kEvent;
  }
  if (!arguments.target.empty()) {
    const Result<NamedFunction> function = read_function(arguments.target, api);
    if (!function) return function.error();
    api = function->api;
    settings.function = function->target.name;
    settings.qualifier = function->qualifier();
  }
  if (Result<void> read = read_traffic(arguments); !read) return read;
  return read_payloads(console, arguments);
}

// A function that is not there would answer each request with 404.
Result<void> check_function(const ApiOptions& api, const LoadArguments& arguments) {
  if (arguments.target.empty()) return {};
  Result<ApiClient> client = ApiClient::create(api);
  if (!client) return client.error();
  const Result<ApiResponse> answer =
      client->send({.path = configuration_path(split_target(arguments.target))});
  if (!answer) return answer.error();
  if (answer->status == 404) return no_such_target(arguments.target, api);
  if (answer->status != 200) return error_of(*answer);
  return {};
}

LoadProgress load_progress(Console& console) {
  if (!console.err_is_terminal) return {};
  auto rounds = std::make_shared<int>(0);
  return [&console, rounds](const load::Progress& now, const load::Results& results) {
    using load::Kind;
    constexpr int kEvery = 20;
    if ((*rounds)++ % kEvery == 0) {
      console.err << fmt::format("{:>6} {:>9} {:>9} {:>7} {:>9} {:>7} {:>8} {:>8}\n", "s", "sent",
                                 "warm", "cold", "throttled", "failed", "waiting", "connect.");
    }
    console.err << fmt::format("{:>6.0f} {:>9} {:>9} {:>7} {:>9} {:>7} {:>8} {:>8}\n",
                               static_cast<double>(now.elapsed_ns) / 1e9, now.sent,
                               results.count(Kind::kWarm) + results.count(Kind::kAnswered) +
                                   results.count(Kind::kAccepted),
                               results.count(Kind::kCold), results.count(Kind::kThrottled),
                               results.count(Kind::kError) + results.count(Kind::kFailed),
                               now.waiting, now.connections)
                << std::flush;
  };
}

Result<void> check_output_files(const LoadArguments& arguments) {
  if (auto can = check_output_file(arguments.save_file, "--save"); !can) return can;
  return check_output_file(arguments.html_file, "--html");
}

Result<void> write_output_files(const LoadArguments& arguments, const LoadTitle& title,
                                const LoadOutcome& outcome) {
  if (!arguments.save_file.empty()) {
    const std::string& function = arguments.settings.function;
    std::ostringstream requests;
    write_requests(requests, function.empty() ? arguments.url : function, outcome);
    if (auto written = write_output_file(arguments.save_file, "--save", requests.str()); !written)
      return written;
  }
  if (arguments.html_file.empty()) return {};
  return write_output_file(arguments.html_file, "--html", report::html(load_page(title, outcome)));
}

// Times are random: of a low rate, none may come in a short time.
Error nothing_due(const LoadArguments& arguments) {
  if (!arguments.replay_file.empty())
    return {ErrorKind::kInvalid, "NoRequests",
            "no request of '" + arguments.replay_file + "' was due; give a longer --for"};
  return {ErrorKind::kInvalid, "NoRequests",
          "no request was due in " + arguments.length + " at " + arguments.rate +
              "; give a longer --for, a higher --rate, or another --seed"};
}

int run_load_command(Console& console, ClientOptions options, LoadArguments arguments) {
  if (Result<void> read = read_load_arguments(console, arguments, options.api); !read)
    return fail(console, read.error());
  if (Result<void> can = check_output_files(arguments); !can) return fail(console, can.error());
  if (Result<void> there = check_function(options.api, arguments); !there)
    return fail(console, there.error());
  const Result<LoadOutcome> outcome =
      run_load(options.api, arguments.settings, load_progress(console), [&](int64_t open) {
        console.err << "\nwaiting for " << count_text(static_cast<size_t>(open), "answer")
                    << "; Ctrl-C again ends at once\n"
                    << std::flush;
      });
  if (!outcome) return fail(console, outcome.error());
  if (outcome->progress.sent == 0 && !outcome->progress.interrupted)
    return fail(console, nothing_due(arguments));
  const LoadTitle title{
      arguments.target.empty() ? arguments.url : arguments.target,
      arguments.replay_file.empty() ? arguments.rate : "replay of " + arguments.replay_file};
  if (Result<void> written = write_output_files(arguments, title, *outcome); !written)
    return fail(console, written.error());
  if (options.format == OutputFormat::kJson)
    console.out << load_document(title, *outcome).to_pretty_text() << '\n';
  else
    console.out << for_console(console, load_table(console, title, *outcome));
  const bool any_failed = outcome->results.count(load::Kind::kFailed) > 0;
  return any_failed ? kExitFailed : kExitOk;
}

void add_traffic(CLI::App& command, LoadArguments& arguments) {
  command
      .add_option("--rate", arguments.rate,
                  "50/s, or a shape: mmpp:…, daily:…, bursts:200 every 10m on 5/s, …")
      ->type_name("TRAFFIC")
      ->capture_default_str();
  command.add_option("--for", arguments.length, "How long requests are sent")
      ->type_name("TIME")
      ->capture_default_str();
  command
      .add_option("--replay", arguments.replay_file,
                  "Recorded times or counts (CSV), an Azure trace, or an access log")
      ->type_name("FILE");
  command.add_option("--seed", arguments.settings.seed, "Seed of random times")
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--connections", arguments.settings.connections, "Most connections at once")
      ->check(number_between(1, 50'000))
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--time-limit", arguments.time_limit, "Time limit of one request")
      ->type_name("TIME")
      ->capture_default_str();
}

}  // namespace

void add_load_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("load", "Send traffic to a function in an open loop, and measure it");
  command->footer(
      "Sends each request when it is due, whether or not earlier ones have been answered, and\n"
      "measures latencies from that moment. Ctrl-C stops sending; a second Ctrl-C doesn't wait "
      "for\n"
      "answers. Exit code 1 if requests failed; throttles and errors of the function are results.\n"
      "\n"
      "Examples:\n"
      "  kiln load orders --rate 200/s --for 1m --payload @event.json\n"
      "  kiln load orders:live --rate 'bursts:500 every 20s within 1s on 20/s' --html load.html\n"
      "  kiln load orders --event --rate 100/s\n"
      "  kiln load orders --replay requests.csv --save seen.csv");
  auto arguments = std::make_shared<LoadArguments>();
  command->add_option("function", arguments->target, "Name with an optional version or alias")
      ->type_name("NAME[:QUALIFIER]");
  command->add_option("--url", arguments->url, "A function URL, or another http URL")
      ->type_name("URL");
  command->add_flag("--event", arguments->event, "Asynchronous invocations");
  command
      ->add_option("--payload", arguments->payload,
                   "Event: JSON, @FILE, or - for stdin; default {}")
      ->type_name("JSON|@FILE|-");
  command
      ->add_option("--payloads", arguments->payloads_file,
                   "Several events: one a line, or [{\"payload\": …, \"weight\": N}, …]")
      ->type_name("FILE");
  add_traffic(*command, *arguments);
  command->add_option("--save", arguments->save_file, "Write each request, for kiln simulate")
      ->type_name("FILE");
  command->add_option("--html", arguments->html_file, "Write a page with charts")
      ->type_name("FILE");
  auto client_options = add_client_options(*command);
  command->callback([&invocation, command, arguments, client_options] {
    arguments->length_given = command->count("--for") > 0;
    arguments->rate_given = command->count("--rate") > 0;
    invocation.exit_code = run_load_command(invocation.console, *client_options, *arguments);
  });
}

}  // namespace kiln::cli
