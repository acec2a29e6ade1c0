// kiln simulate: what limits, provisioned concurrency and scaling make of a traffic, by the
// engine's own rules and without running anything.
#include <fmt/format.h>

#include <chrono>
#include <tuple>

#include "cli/duration_option.h"
#include "cli/output_file.h"
#include "cli/planning_commands.h"
#include "cli/price_source.h"
#include "cli/scenario_file.h"
#include "cli/shell.h"
#include "cli/simulate_input.h"
#include "cli/simulate_output.h"
#include "cli/sweep_output.h"
#include "cli/table.h"
#include "cli/usage.h"
#include "cli/usage_error.h"
#include "simulate/threads.h"

namespace kiln::cli {
namespace {

struct RunArguments {
  size_t seeds = 5, threads = 0;
  uint64_t seed = 1;
  std::vector<std::string> sweep;
  std::string cold_below, throttled_below, p99_below;
  std::string prices_file, html_file;
  bool free_tier = false;
};

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Result<void> write_simulate_page(const std::string& path, const report::Page& page) {
  if (path.empty()) return {};
  return write_output_file(path, "--html", report::html(page));
}

Result<simulate::Wanted> read_wanted(const RunArguments& arguments) {
  simulate::Wanted wanted;
  for (const auto& [option, text, share] :
       {std::tuple{"--cold-below", &arguments.cold_below, &wanted.cold_share},
        std::tuple{"--throttled-below", &arguments.throttled_below, &wanted.throttle_share}}) {
    if (text->empty()) continue;
    const auto parsed = parse_share(*text);
    if (!parsed) return of_option(option, parsed.error());
    *share = *parsed;
  }
  if (!arguments.p99_below.empty()) {
    const auto below = duration_of("--p99-below", arguments.p99_below);
    if (!below) return below.error();
    wanted.p99_ms = to_ms(*below);
  }
  return wanted;
}

int run_sweep(Console& console, OutputFormat format, const RunArguments& arguments,
              SimulationInput input, const simulate::StudyOptions& options,
              const cost::Prices& prices) {
  SweepResult result{.title = input.title,
                     .prices = prices,
                     .seeds = options.seeds,
                     .notes = std::move(input.notes)};
  const auto wanted = read_wanted(arguments);
  if (!wanted) return fail(console, wanted.error());
  result.wanted = *wanted;
  for (const std::string& text : arguments.sweep) {
    auto axis = simulate::SweepAxis::parse(text);
    if (!axis) return fail(console, axis.error());
    result.axes.push_back(*std::move(axis));
  }
  const Stopwatch watch;
  auto points = simulate::sweep(input.scenario, result.axes, options);
  if (!points) return fail(console, usage(points.error().message));
  result.points = *std::move(points);
  result.took_s = watch.seconds();
  result.best = simulate::best(result.points, result.wanted);
  if (auto written = write_simulate_page(
          arguments.html_file, arguments.html_file.empty() ? report::Page() : sweep_page(result));
      !written)
    return fail(console, written.error());
  if (format == OutputFormat::kJson)
    console.out << sweep_document(result).to_pretty_text() << '\n';
  else
    console.out << for_console(console, sweep_table(console, result));
  return result.best ? kExitOk : kExitFailed;
}

int run_once(Console& console, OutputFormat format, const RunArguments& arguments,
             SimulationInput input, const simulate::StudyOptions& options,
             const cost::Prices& prices) {
  const Stopwatch watch;
  auto study = simulate::study(input.scenario, options);
  if (!study) return fail(console, usage(study.error().message));
  const double took_s = watch.seconds();
  const auto length = simulate::check(input.scenario);
  SimulateResult result{.title = input.title,
                        .scenario = std::move(input.scenario),
                        .length = length ? *length : 0,
                        .study = *std::move(study),
                        .prices = prices,
                        .free_tier = arguments.free_tier,
                        .took_s = took_s,
                        .notes = std::move(input.notes)};
  if (auto written =
          write_simulate_page(arguments.html_file,
                              arguments.html_file.empty() ? report::Page() : simulate_page(result));
      !written)
    return fail(console, written.error());
  if (format == OutputFormat::kJson)
    console.out << simulate_document(result).to_pretty_text() << '\n';
  else
    console.out << for_console(console, simulate_table(console, result));
  return kExitOk;
}

// `kiln simulate week.json`: no function is called like this.
Error for_a_file(Error error, const std::vector<std::string>& functions) {
  for (const std::string& name : functions)
    if (!name.starts_with("arn:") && name.find_first_of("./") != std::string::npos) {
      error.message += "; a file goes behind --scenario, or --replay: `kiln simulate --scenario " +
                       shell_word(name) + "`";
      break;
    }
  return error;
}

int run_simulate(Console& console, const ClientOptions& client_options,
                 const SimulateArguments& input_arguments, const RunArguments& arguments) {
  if (auto can = check_output_file(arguments.html_file, "--html"); !can)
    return fail(console, can.error());
  Result<SimulationInput> input = read_simulation(client_options.api, input_arguments);
  if (!input) return fail(console, for_a_file(input.error(), input_arguments.functions));
  const Result<cost::Prices> prices =
      load_prices(console, arguments.prices_file, input->scenario.region);
  if (!prices) return fail(console, prices.error());
  simulate::StudyOptions options;
  options.seeds = arguments.seeds;
  options.first_seed = arguments.seed;
  options.costing.prices = &*prices;
  if (arguments.free_tier) options.costing.free_tier = cost::FreeTier::kYes;
  options.for_each = simulate::in_threads(arguments.threads);
  if (!arguments.sweep.empty())
    return run_sweep(console, client_options.format, arguments, *std::move(input), options,
                     *prices);
  return run_once(console, client_options.format, arguments, *std::move(input), options, *prices);
}

void add_load_sources(CLI::App& command, SimulateArguments& arguments) {
  command
      .add_option("function", arguments.functions,
                  "Functions of the running Kiln: their settings, traffic and times")
      ->type_name("NAME[:QUALIFIER]");
  command
      .add_option("--scenario", arguments.scenario_file,
                  "Functions, traffic, alarms and scaling as JSON (docs/simulate.md)")
      ->type_name("FILE");
  command
      .add_option("--rate", arguments.rate,
                  "Traffic: 50/s, or a shape: mmpp:…, daily:…, bursts:200 every 10m on 5/s, …")
      ->type_name("TRAFFIC");
  command
      .add_option("--replay", arguments.replay_file,
                  "Recorded times or counts (CSV), an Azure trace, or an access log")
      ->type_name("FILE");
  command
      .add_option("--azure-durations", arguments.azure_durations_file,
                  "File of duration percentiles that belongs to an Azure trace of 2019")
      ->type_name("FILE");
  command
      .add_option("--top", arguments.top,
                  "Only the N functions of a trace that have the most requests")
      ->check(number_between(1, 100'000))
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--since", arguments.since, "How far back a running Kiln is asked for traffic")
      ->type_name("TIME")
      ->capture_default_str();
  command.add_flag("--event", arguments.event, "The requests are asynchronous invocations");
  command
      .add_option("--qualifier", arguments.qualifier, "Version or alias that the requests invoke")
      ->type_name("NAME");
}

void add_times(CLI::App& command, SimulateArguments& arguments) {
  command
      .add_option(
          "--duration", arguments.duration,
          "Duration of an invocation: 120ms, lognormal:120ms,p99=800ms, gamma:…, exponential:…")
      ->type_name("TIME");
  command.add_option("--init", arguments.init, "Init Duration of a cold start, in the same forms")
      ->type_name("TIME");
  command
      .add_option("--reports", arguments.reports_file,
                  "Durations and Init Durations from REPORT lines, exported from CloudWatch Logs")
      ->type_name("FILE");
  command
      .add_option("--tune", arguments.tune_file,
                  "The same for each memory size, from the output of kiln tune --json")
      ->type_name("FILE");
  command.add_option("--errors", arguments.errors, "Share of invocations that fail: 1%")
      ->type_name("SHARE");
  command
      .add_option("--crashes", arguments.crashes,
                  "Share of invocations that fail and end their environment")
      ->type_name("SHARE");
}

void add_settings(CLI::App& command, SimulateArguments& arguments) {
  const auto units = number_between(0, 1'000'000);
  command.add_option("--memory", arguments.memory_mb, "MemorySize of the function")
      ->transform(megabytes_between(128, 10'240))
      ->type_name("MB");
  command
      .add_option("--timeout", arguments.timeout_s,
                  "Timeout of the function, in seconds; default: 900")
      ->transform(seconds_between(1, 900))
      ->type_name("SECONDS");
  command.add_flag("--arm", arguments.arm, "The function's architecture is arm64");
  command.add_option("--reserved", arguments.reserved, "Reserved concurrency; none: no reserve")
      ->type_name("N|none");
  command.add_option("--provisioned", arguments.provisioned, "Provisioned concurrency")
      ->check(units)
      ->type_name("N");
  command
      .add_option("--target", arguments.target,
                  "Target tracking: the part of the provisioned concurrency in use, 0.1 to 0.9")
      ->type_name("PART");
  command
      .add_option("--max", arguments.most_provisioned, "The most that target tracking provisions")
      ->check(units)
      ->type_name("N");
  command.add_option("--account", arguments.account, "Concurrency of the account")
      ->check(number_between(1, 1'000'000))
      ->type_name("N");
  command
      .add_option("--platform", arguments.platform,
                  "aws: provisioning takes a minute and more; kiln: as a running Kiln is")
      ->type_name("aws|kiln")
      ->capture_default_str();
  command
      .add_option("--idle-lifetime", arguments.idle_lifetime,
                  "How long an idle environment is kept; default: 10m")
      ->type_name("TIME");
  command.add_option("--for", arguments.length, "How long; default: the recorded time, or a day")
      ->type_name("TIME");
  command
      .add_option("--warm-up", arguments.warm_up,
                  "Don't count requests that begin before this; default: count all")
      ->type_name("TIME");
}

void add_run(CLI::App& command, RunArguments& arguments) {
  command.add_option("--seeds", arguments.seeds, "Number of runs, each with other random numbers")
      ->check(number_between(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--seed", arguments.seed, "The first seed")
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--threads", arguments.threads, "Threads; default: one for each processor")
      ->check(number_between(1, 1024))
      ->type_name("N");
  command
      .add_option("--sweep", arguments.sweep,
                  "Settings to try in all combinations: reserved=10..200 provisioned=0..50:10 "
                  "target=0.5..0.9 memory=128,512")
      ->type_name("SETTING=VALUES");
  command
      .add_option("--cold-below", arguments.cold_below,
                  "Goal of --sweep: at most this share of cold starts")
      ->type_name("SHARE");
  command
      .add_option("--throttled-below", arguments.throttled_below,
                  "Goal of --sweep: at most this share of throttles")
      ->type_name("SHARE");
  command.add_option("--p99-below", arguments.p99_below, "Goal of --sweep: at most this latency")
      ->type_name("TIME");
  command.add_flag("--free-tier", arguments.free_tier, "Deduct AWS's monthly free tier");
  command.add_option("--html", arguments.html_file, "Write a page with charts")->type_name("FILE");
  add_prices_option(command, arguments.prices_file);
}

}  // namespace

void add_simulate_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "simulate", "Predict cold starts, throttles, latency, and cost of settings");
  command->footer(
      "Uses the engine's own rules on a list of times instead of processes, so a day takes\n"
      "seconds. Exit code 1 if no combination of --sweep meets the goals.\n"
      "\n"
      "Examples:\n"
      "  kiln simulate orders --platform kiln\n"
      "  kiln simulate --rate daily:5/s..50/s@14:00 --duration 80ms --for 7d --html week.html\n"
      "  kiln simulate orders --sweep reserved=10..200 provisioned=0..50:10 --cold-below 1%\n"
      "  kiln simulate --scenario shop.json --seeds 20\n"
      "  kiln simulate --replay access.log --duration 120ms");
  auto input = std::make_shared<SimulateArguments>();
  auto run = std::make_shared<RunArguments>();
  add_load_sources(*command, *input);
  add_times(*command, *input);
  add_settings(*command, *input);
  add_run(*command, *run);
  auto client_options = add_client_options(*command);
  command->callback([&invocation, input, run, client_options] {
    invocation.exit_code = run_simulate(invocation.console, *client_options, *input, *run);
  });
}

}  // namespace kiln::cli
