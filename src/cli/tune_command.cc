// kiln tune: measures a function at several memory sizes and says which one is best.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "cli/command.h"
#include "cli/duration_option.h"
#include "cli/function_api.h"
#include "cli/interrupts.h"
#include "cli/json_call.h"
#include "cli/named_function.h"
#include "cli/output_file.h"
#include "cli/payload.h"
#include "cli/price_source.h"
#include "cli/read_file.h"
#include "cli/shadow_function.h"
#include "cli/size_text.h"
#include "cli/table.h"
#include "cli/tune_measure.h"
#include "cli/tune_output.h"
#include "cli/tune_settings.h"
#include "cli/usage.h"
#include "cli/usage_error.h"
#include "logs/report_line.h"
#include "tune/calibration.h"

namespace kiln::cli {
namespace {

// As typed, before it is read.
struct TuneArguments {
  std::string target, sizes = "128,256,512,1024,1536,3008", payload, payloads_file;
  std::string strategy = "cost", below;
  int64_t number = 0;
  bool endpoint_given = false;
};

Result<void> read_target(const std::string& target, ApiOptions& api, TuneSettings& settings) {
  const Result<NamedFunction> function = read_function(target, api);
  if (!function) return function.error();
  api = function->api;
  settings.function = function->name;
  settings.qualifier = function->qualifier();
  if (settings.apply == Apply::kYes && !settings.qualifier.empty() &&
      settings.qualifier != "$LATEST") {
    return usage("--apply sets the size of $LATEST; versions can't be changed. Tune '" +
                 settings.function + "', then publish a version");
  }
  return {};
}

Result<void> read_payload_options(Console& console, const TuneArguments& arguments,
                                  TuneSettings& settings) {
  if (!arguments.payloads_file.empty()) {
    if (!arguments.payload.empty())
      return usage("--payload and --payloads can't go together; leave one out");
    const Result<std::string> text = read_file(arguments.payloads_file, kLargestPayloads);
    if (!text) return text.error();
    Result<std::vector<tune::WeightedPayload>> payloads = parse_payloads(*text);
    if (!payloads) return usage("'" + arguments.payloads_file + "': " + payloads.error().message);
    settings.payloads = *std::move(payloads);
    return {};
  }
  Result<std::string> payload = read_payload(arguments.payload, console.in);
  if (!payload) return payload.error();
  settings.payloads = {{*std::move(payload), 1}};
  return {};
}

Result<void> read_tune_arguments(Console& console, const TuneArguments& arguments, ApiOptions& api,
                                 TuneSettings& settings) {
  if (Result<void> read = read_target(arguments.target, api, settings); !read) return read;
  Result<std::vector<int64_t>> sizes = parse_sizes(arguments.sizes);
  if (!sizes) return sizes.error();
  settings.sizes = *std::move(sizes);
  if (arguments.number > 0) settings.rule.number = arguments.number;
  const std::optional<tune::Strategy> strategy = tune::strategy_named(arguments.strategy);
  if (!strategy)
    return usage("--strategy is '" + arguments.strategy + "'; it must be cost, speed, or balanced");
  settings.goal.strategy = *strategy;
  if (!arguments.below.empty()) {
    const Result<Duration> below = duration_of("--below", arguments.below);
    if (!below) return below.error();
    settings.goal.p99_below_ms = to_ms(*below);
  }
  return read_payload_options(console, arguments, settings);
}

// AWS's own endpoint, unless one was given; and its keys, which Kiln doesn't need.
Result<void> prepare_aws(bool endpoint_given, ApiOptions& api) {
  for (const char* name : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0')
      return usage(std::string("--aws needs your keys: ") + name + " is not set");
  }
  if (!endpoint_given) api.endpoint = "https://lambda." + api.region + ".amazonaws.com";
  return {};
}

// REPORT lines of AWS, one a line, with whatever before them.
Result<std::vector<tune::SizeDuration>> read_calibration(const std::string& path) {
  constexpr size_t kLargest = 64U << 20;
  const Result<std::string> text = read_file(path, kLargest);
  if (!text) return text.error();
  std::vector<tune::SizeDuration> lines;
  for (size_t at = 0; at < text->size();) {
    const size_t end = std::min(text->find('\n', at), text->size());
    const auto report = logs::find_report(std::string_view(*text).substr(at, end - at));
    // A cold start's duration has more in it than the work.
    if (report && report->is_good() && !report->init_ms)
      lines.push_back({report->memory_mb, report->duration_ms});
    at = end + 1;
  }
  if (lines.empty()) return usage("'" + path + "' has no REPORT line of a good, warm invocation");
  return lines;
}

// Sizes that REPORT lines are of are measured too.
void add_sizes(const std::vector<tune::SizeDuration>& lines, std::vector<int64_t>& sizes) {
  for (const tune::SizeDuration& line : lines) {
    if (std::find(sizes.begin(), sizes.end(), line.memory_mb) == sizes.end())
      sizes.push_back(line.memory_mb);
  }
  std::sort(sizes.begin(), sizes.end());
}

// What AWS would take for the same samples; says how, for people.
Result<std::string> calibrate(const std::vector<tune::SizeDuration>& there,
                              std::vector<SizeSamples>& measured) {
  std::vector<tune::SizeDuration> here;
  for (const SizeSamples& size : measured) {
    std::vector<double> durations;
    for (const tune::Sample& sample : size.samples) {
      if (sample.outcome == tune::Outcome::kOk && !sample.init_ms)
        durations.push_back(sample.duration_ms);
    }
    std::sort(durations.begin(), durations.end());
    if (!durations.empty()) here.push_back({size.memory_mb, percentile(durations, 0.5)});
  }
  const Result<tune::Fit> fit = tune::fit_to(here, there);
  if (!fit) return fit.error();
  for (SizeSamples& size : measured) {
    for (tune::Sample& sample : size.samples) {
      sample.duration_ms = fit->of(sample.duration_ms);
      if (sample.init_ms) sample.init_ms = *sample.init_ms * fit->factor;
    }
  }
  return fmt::format(
      "durations are fitted to {} REPORT lines: {:.3f} times this machine's, {:+.1f} ms",
      there.size(), fit->factor, fit->constant_ms);
}

double cpus_here(const TuneSettings& settings, const std::string& endpoint) {
  const bool here =
      settings.place == Place::kKiln && (endpoint.find("//127.") != std::string::npos ||
                                         endpoint.find("//localhost") != std::string::npos ||
                                         endpoint.find("//[::1]") != std::string::npos);
  return here ? static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN)) : 0;
}

Result<TuneResult> summarize_all(const TuneSettings& settings, const ShadowFunction& shadow,
                                 const std::vector<SizeSamples>& measured, cost::Prices prices,
                                 double cpus) {
  const Json& configuration = shadow.original();
  TuneResult result{
      .function = settings.function, .prices = std::move(prices), .goal = settings.goal};
  if (!settings.qualifier.empty()) result.function += ":" + settings.qualifier;
  result.architecture = cost::architecture_named(configuration["Architectures"][0].text())
                            .value_or(cost::Architecture::kX86_64);
  result.memory_mb = configuration.integer_or<int64_t>("MemorySize", 128);
  const tune::Pricing pricing{result.prices, result.architecture,
                              configuration["EphemeralStorage"].integer_or<int64_t>("Size", 512)};
  for (const SizeSamples& size : measured) {
    result.sizes.push_back(tune::summarize(size.memory_mb, size.samples, pricing));
    result.sizes.back().beyond_machine = tune::beyond(size.memory_mb, cpus);
  }
  result.smallest = tune::smallest_surviving(result.sizes);
  const Result<size_t> best = tune::choose(result.sizes, settings.goal);
  if (best)
    result.best = *best;
  else
    result.why_none = best.error().message;
  return result;
}

Result<void> apply(ApiClient& client, const TuneSettings& settings, TuneResult& result) {
  const int64_t memory_mb = result.sizes[*result.best].memory_mb;
  const Result<Json> set =
      json_call(client, "PUT", function_path(settings.function) + "/configuration",
                Json{{"MemorySize", memory_mb}});
  if (!set) return set.error();
  if (auto ready = wait_until_active(client, settings.function); !ready) return ready.error();
  result.applied = true;
  return {};
}

TuneProgress tune_progress(Console& console) {
  if (!console.err_is_terminal) return [](int64_t, size_t) {};
  return [&console](int64_t memory_mb, size_t count) {
    console.err << "\r\033[K" << memory_mb << " MB: " << count_text(count, "invocation")
                << std::flush;
  };
}

int run_tune(Console& console, ClientOptions client_options, const TuneArguments& arguments,
             TuneSettings settings) {
  if (Result<void> read = read_tune_arguments(console, arguments, client_options.api, settings);
      !read)
    return fail(console, read.error());
  if (Result<void> can = check_output_file(settings.html_file, "--html"); !can)
    return fail(console, can.error());
  if (settings.place == Place::kAws) {
    if (Result<void> ready = prepare_aws(arguments.endpoint_given, client_options.api); !ready)
      return fail(console, ready.error());
  }
  Result<cost::Prices> prices =
      load_prices(console, settings.prices_file, client_options.api.region);
  if (!prices) return fail(console, prices.error());
  std::vector<tune::SizeDuration> there;
  if (!settings.calibration_file.empty()) {
    Result<std::vector<tune::SizeDuration>> lines = read_calibration(settings.calibration_file);
    if (!lines) return fail(console, lines.error());
    there = *std::move(lines);
    add_sizes(there, settings.sizes);
  }
  Result<ApiClient> client = ApiClient::create(client_options.api);
  if (!client) return fail(console, client.error());
  const Interrupts interrupts(console, "removing the copy; Ctrl-C again ends at once");
  Result<ShadowFunction> shadow =
      ShadowFunction::make(*client, settings.function, settings.qualifier);
  if (!shadow) {
    if (shadow.error().type == "ResourceNotFoundException")
      return fail(console, no_such_target(arguments.target, client_options.api));
    return fail(console, shadow.error());
  }
  Result<std::vector<SizeSamples>> measured =
      measure_sizes(*client, *shadow, settings, interrupts, tune_progress(console));
  if (console.err_is_terminal) console.err << "\r\033[K";
  const Result<void> removed =
      shadow->remove(*client, settings.place == Place::kAws ? ShadowFunction::Logs::kKeep
                                                            : ShadowFunction::Logs::kRemove);
  if (!removed) {
    warn(console, "the copy '" + shadow->name() + "' is still there: " + removed.error().message);
  }
  if (!measured) return fail(console, measured.error());
  if (interrupts.came()) return fail(console, tune_interrupted());
  std::string calibration;
  if (!there.empty()) {
    Result<std::string> fitted = calibrate(there, *measured);
    if (!fitted) return fail(console, fitted.error());
    calibration = *std::move(fitted);
  }
  Result<TuneResult> result = summarize_all(settings, *shadow, *measured, *std::move(prices),
                                            cpus_here(settings, client_options.api.endpoint));
  if (!result) return fail(console, result.error());
  result->calibration = std::move(calibration);
  if (settings.apply == Apply::kYes && result->best) {
    if (Result<void> set = apply(*client, settings, *result); !set)
      return fail(console, set.error());
  }
  if (!settings.html_file.empty()) {
    if (Result<void> written =
            write_output_file(settings.html_file, "--html", report::html(tune_page(*result)));
        !written)
      return fail(console, written.error());
  }
  if (client_options.format == OutputFormat::kJson)
    console.out << tune_document(*result).to_pretty_text() << '\n';
  else
    console.out << for_console(console, tune_table(console, *result));
  if (result->best) return kExitOk;
  return fail(console, {ErrorKind::kInvalid, "NoSize", result->why_none});
}

void add_what(CLI::App& command, TuneArguments& arguments, TuneSettings& settings) {
  command.add_option("function", arguments.target, "Name with an optional version or alias")
      ->required()
      ->type_name("NAME[:QUALIFIER]");
  command.add_option("--sizes", arguments.sizes, "Memory sizes in MB, or with a unit: 256MB, 1GB")
      ->type_name("SIZE,SIZE,…")
      ->capture_default_str();
  command
      .add_option("-n,--num", arguments.number,
                  "Invocations of each size; default: until the median is known to 5 %, 20 to 200")
      ->check(number_between(1, 100'000))
      ->type_name("N");
  command.add_option("--parallel", settings.parallel, "Invocations at once")
      ->check(number_between(1, 100))
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--cold", settings.colds, "Cold starts of each size, for the Init Duration")
      ->check(number_between(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  command
      .add_option("--payload", arguments.payload, "Event: JSON, @FILE, or - for stdin; default {}")
      ->type_name("JSON|@FILE|-");
  command
      .add_option("--payloads", arguments.payloads_file,
                  "Several events: one a line, or [{\"payload\": …, \"weight\": N}, …]")
      ->type_name("FILE");
  command
      .add_option("--before", settings.before,
                  "Command before each invocation; gets the event, may print another one")
      ->type_name("COMMAND");
  command.add_option("--after", settings.after, "Command after each invocation; gets the answer")
      ->type_name("COMMAND");
}

void add_goal(CLI::App& command, TuneArguments& arguments, TuneSettings& settings) {
  command.add_option("--strategy", arguments.strategy, "cost, speed, or balanced")
      ->type_name("NAME")
      ->capture_default_str();
  command
      .add_option("--weight", settings.goal.weight,
                  "Weight for the strategy balanced: 1 is cost, 0 is speed")
      ->check(fraction_between(0, 1))
      ->type_name("0..1")
      ->capture_default_str();
  command.add_option("--below", arguments.below, "Only sizes that are faster than this at p99")
      ->type_name("TIME");
  command.add_flag_callback(
      "--apply", [&settings] { settings.apply = Apply::kYes; }, "Set the best size");
  command.add_flag_callback(
      "--aws", [&settings] { settings.place = Place::kAws; },
      "Tune on AWS, with your keys (AWS_ACCESS_KEY_ID, …)");
  command
      .add_option("--calibrate", settings.calibration_file,
                  "REPORT lines of this function on AWS: fits this machine's durations to them")
      ->type_name("FILE");
  command.add_option("--html", settings.html_file, "Write a page with charts")->type_name("FILE");
  add_prices_option(command, settings.prices_file);
}

}  // namespace

void add_tune_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("tune", "Find the memory size at which a function is cheapest or fastest");
  command->footer(
      "Measures a copy of the function and removes it at the end, also after Ctrl-C. Only --apply\n"
      "changes the function itself. The JSON has the keys of aws-lambda-power-tuning. Exit code 1\n"
      "if no size fits.\n"
      "\n"
      "Examples:\n"
      "  kiln tune orders --payload @event.json\n"
      "  kiln tune orders --sizes 256MB,512MB,1GB -n 100 --strategy balanced --html orders.html\n"
      "  kiln tune orders --below 200ms --apply\n"
      "  kiln tune orders --calibrate report-lines.txt");
  auto arguments = std::make_shared<TuneArguments>();
  auto settings = std::make_shared<TuneSettings>();
  add_what(*command, *arguments, *settings);
  add_goal(*command, *arguments, *settings);
  auto client_options = add_client_options(*command);
  command->callback([&invocation, command, arguments, settings, client_options] {
    arguments->endpoint_given = command->count("--endpoint") > 0;
    invocation.exit_code = run_tune(invocation.console, *client_options, *arguments, *settings);
  });
}

}  // namespace kiln::cli
