// kiln cost: what functions cost a month, by what ran or by a template and its traffic.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include "cli/command.h"
#include "cli/cost_output.h"
#include "cli/cost_page.h"
#include "cli/duration_option.h"
#include "cli/observed_usage.h"
#include "cli/output_file.h"
#include "cli/price_source.h"
#include "cli/read_file.h"
#include "cli/report_lines.h"
#include "cli/shell.h"
#include "cli/table.h"
#include "cli/template_source.h"
#include "cli/template_usage.h"
#include "cli/usage.h"
#include "report/markup.h"

namespace kiln::cli {
namespace {

enum class Reckoning { kMonth, kAsIs };

struct CostOptions {
  TemplateChoice choice;               // a template to price
  std::vector<std::string> templates;  // two of them: to compare
  std::string traffic_file;
  std::string data_dir, lines_file, function = "function";
  std::string window, limit;
  std::string prices_file, html_file;
  cost::FreeTier free_tier = cost::FreeTier::kNo;
  Reckoning reckoning = Reckoning::kMonth;
  bool show_prices = false;
};

constexpr size_t kLargestReports = 1U << 30;
constexpr size_t kLargestTraffic = 16U << 20;

struct Seen {
  ObservedUsage usage;
  bool by_api = false;
};

Result<Seen> read_reports(const CostOptions& options, const ApiOptions& api) {
  Seen seen;
  const WantsReports all = [](const std::string&, const std::string&) { return true; };
  const TakeReport take = [&](SeenReport&& report) {
    seen.usage.add(report);
    return true;
  };
  if (!options.lines_file.empty()) {
    const Result<std::string> text = read_file(options.lines_file, kLargestReports);
    if (!text) return text.error();
    if (Result<void> read = reports_of_export(*text, api.region, options.function, take); !read)
      return cli::usage("'" + options.lines_file + "': " + read.error().message);
  } else if (!options.data_dir.empty()) {
    if (Result<void> read = reports_of_files(options.data_dir, all, take); !read)
      return read.error();
    add_log_bytes_of_files(options.data_dir, seen.usage);
  } else {
    seen.by_api = true;
    if (Result<void> read = reports_of_endpoint(api, all, take); !read) return read.error();
  }
  if (seen.usage.empty())
    return Error{ErrorKind::kNotFound, "NothingRan",
                 "no function has run; there is no REPORT line to count"};
  return seen;
}

// Nothing without --window.
Result<std::optional<double>> given_window_of(const CostOptions& options) {
  if (options.window.empty()) return std::optional<double>();
  const Result<Duration> window = duration_of("--window", options.window);
  if (!window) return window.error();
  if (*window <= Duration(0))
    return cli::usage("--window is '" + options.window + "'; it must be above 0");
  return std::optional<double>(to_ms(*window) / 1000);
}

Result<double> window_of(const CostOptions& options, std::optional<double> given_s,
                         const ObservedUsage& usage) {
  if (given_s) return *given_s;
  if (usage.span_s() > 0) return usage.span_s();
  if (options.reckoning == Reckoning::kAsIs) return 1.0;
  return cli::usage(
      "the REPORT lines don't tell over which time they were written; say it with --window, or "
      "price what ran alone with --as-is");
}

Result<MonthBill> bill_of_reports(Console& console, const CostOptions& options,
                                  const ApiOptions& api) {
  // A wrong option is said before anything is asked for what ran.
  const Result<std::optional<double>> given_s = given_window_of(options);
  if (!given_s) return given_s.error();
  if (!options.prices_file.empty() && ::access(options.prices_file.c_str(), R_OK) != 0)
    if (const Result<std::string> text = read_file(options.prices_file, 1); !text)
      return text.error();
  const Result<Seen> seen = read_reports(options, api);
  if (!seen) return seen.error();
  const Result<double> window_s = window_of(options, *given_s, seen->usage);
  if (!window_s) return window_s.error();
  std::map<std::string, std::vector<cost::Usage>> by_region;
  std::optional<ApiClient> client;
  if (seen->by_api) {
    Result<ApiClient> made = ApiClient::create(api);
    if (!made) return made.error();
    client.emplace(*std::move(made));
  }
  for (const auto& [region, function] : seen->usage.functions()) {
    Result<FunctionFacts> facts = FunctionFacts();
    if (client) facts = facts_of(*client, function);
    if (!facts) return facts.error();
    by_region[region].push_back(seen->usage.usage(region, function, *facts, *window_s));
  }
  if (client) {
    Result<std::vector<cost::Usage>> monitoring = monitoring_usage(*client);
    if (!monitoring) return monitoring.error();
    auto& usages = by_region[api.region];
    usages.insert(usages.end(), monitoring->begin(), monitoring->end());
  }
  MonthBill month;
  if (options.reckoning == Reckoning::kMonth) {
    month.notes.push_back(fmt::format("what ran within {} s, {} times for a month of 730 hours",
                                      report::number(*window_s),
                                      report::number(cost::kSecondsPerMonth / *window_s)));
  }
  if (!seen->by_api) {
    month.notes.emplace_back(
        "REPORT lines don't tell architecture, ephemeral storage and provisioned concurrency: "
        "taken "
        "as x86_64, 512 MB and none");
  }
  for (auto& [region, usages] : by_region) {
    Result<cost::Prices> prices = load_prices(console, options.prices_file, region);
    if (!prices) return prices.error();
    if (options.reckoning == Reckoning::kMonth) {
      for (cost::Usage& usage : usages) usage = cost::per_month(usage, *window_s);
    }
    cost::Bill bill = cost::make_bill(usages, *prices, options.free_tier);
    month.regions.push_back({*std::move(prices), std::move(bill)});
  }
  return month;
}

// Nothing, when it has been said why.
std::optional<MonthBill> bill_of_template(Console& console, const CostOptions& options,
                                          const std::string& path,
                                          const cost::TrafficProfile& traffic,
                                          std::set<std::string>& named) {
  TemplateChoice choice = options.choice;
  choice.path = path;
  const std::optional<lint::Model> model = read_template_model(console, choice);
  if (!model) return std::nullopt;
  const auto give_up = [&](const Error& error) {
    fail(console, {error.kind, error.type, path + ": " + error.message});
    return std::nullopt;
  };
  Result<TemplateUsage> usage = template_usage(*model, traffic);
  if (!usage) return give_up(usage.error());
  named.merge(usage->named);
  MonthBill month{.notes = std::move(usage->notes)};
  for (const auto& [region, usages] : usage->by_region) {
    Result<cost::Prices> prices = load_prices(console, options.prices_file, region);
    if (!prices) return give_up(prices.error());
    cost::Bill bill = cost::make_bill(usages, *prices, options.free_tier);
    month.regions.push_back({*std::move(prices), std::move(bill)});
  }
  return month;
}

struct Limit {
  double value = 0;
  bool percent = false;
};

// "5" or "$5": USD a month; "10%": of what it was.
Result<std::optional<Limit>> read_limit(std::string text) {
  if (text.empty()) return std::optional<Limit>();
  Limit limit;
  const std::string typed = text;
  if (text.front() == '$') text.erase(0, 1);
  if (text.ends_with('%')) {
    limit.percent = true;
    text.pop_back();
  }
  char* end = nullptr;
  limit.value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(limit.value) || limit.value < 0)
    return cli::usage("--limit is '" + typed +
                      "'; it must be USD a month, as in 5, or percent, as in 10%");
  return std::optional<Limit>(limit);
}

bool exceeds(double before, double after, const Limit& limit) {
  const double most = limit.percent ? before * limit.value / 100 : limit.value;
  return after - before > most + 1e-9;
}

Result<cost::TrafficProfile> read_traffic(const std::string& path) {
  if (path.empty())
    return cli::usage(
        "a template doesn't say how often its functions run; name a file that does with --traffic "
        "FILE (docs/cost.md has one), or leave the path out to price what ran on this Kiln");
  const Result<std::string> text = read_file(path, kLargestTraffic);
  if (!text) return text.error();
  Result<cost::TrafficProfile> profile = cost::read_traffic_profile(*text);
  if (!profile) return cli::usage("'" + path + "': " + profile.error().message);
  return profile;
}

Result<void> write_page(const std::string& path, const report::Page& page) {
  if (path.empty()) return {};
  return write_output_file(path, "--html", report::html(page));
}

int print_bill(Console& console, OutputFormat format, const CostOptions& options,
               const MonthBill& month) {
  const std::string what = options.reckoning == Reckoning::kMonth ? "a month" : "what ran";
  if (Result<void> written = write_page(options.html_file, bill_page(month, what)); !written)
    return fail(console, written.error());
  if (format == OutputFormat::kJson)
    console.out << bill_document(month).to_pretty_text() << '\n';
  else
    console.out << for_console(
        console, bill_table(console, month,
                            options.reckoning == Reckoning::kMonth ? "A MONTH" : "WHAT RAN"));
  return kExitOk;
}

int run_diff(Console& console, OutputFormat format, const CostOptions& options) {
  const Result<std::optional<Limit>> limit = read_limit(options.limit);
  if (!limit) return fail(console, limit.error());
  const Result<cost::TrafficProfile> traffic = read_traffic(options.traffic_file);
  if (!traffic) return fail(console, traffic.error());
  std::set<std::string> named;
  const auto before = bill_of_template(console, options, options.templates[0], *traffic, named);
  if (!before) return kExitUsage;
  const auto after = bill_of_template(console, options, options.templates[1], *traffic, named);
  if (!after) return kExitUsage;
  if (Result<void> known = check_names(*traffic, named); !known)
    return fail(console, known.error());
  if (Result<void> written = write_page(options.html_file, change_page(*before, *after)); !written)
    return fail(console, written.error());
  if (format == OutputFormat::kJson)
    console.out << change_document(*before, *after).to_pretty_text() << '\n';
  else
    console.out << for_console(console, change_table(console, *before, *after));
  if (!*limit || !exceeds(before->total(), after->total(), **limit)) return kExitOk;
  return fail(console, {ErrorKind::kInvalid, "Limit",
                        fmt::format("the change costs {} a month more, above the limit of {}",
                                    usd_text(after->total() - before->total()), options.limit)});
}

int run_cost(Console& console, const ClientOptions& client_options, CostOptions options) {
  options.choice.region = client_options.api.region;
  if (options.show_prices) {
    const Result<cost::Prices> prices =
        load_prices(console, options.prices_file, client_options.api.region);
    if (!prices) return fail(console, prices.error());
    console.out << cost::prices_document(*prices).to_pretty_text() << '\n';
    return kExitOk;
  }
  if (auto can = check_output_file(options.html_file, "--html"); !can)
    return fail(console, can.error());
  if (!options.templates.empty()) return run_diff(console, client_options.format, options);
  if (!options.limit.empty()) return fail(console, cli::usage("--limit goes with --diff"));
  if (!options.choice.path.empty()) {
    std::error_code ec;
    if (!std::filesystem::exists(options.choice.path, ec))
      return fail(console,
                  cli::usage(nothing_at(options.choice.path,
                                        "without it, `kiln cost` prices what ran on this Kiln")));
    if (const auto source = read_template_source(options.choice.path); !source)
      return fail(console,
                  cli::usage(source.error().message +
                             "; without a path, `kiln cost` prices what ran on this Kiln"));
    const Result<cost::TrafficProfile> traffic = read_traffic(options.traffic_file);
    if (!traffic) return fail(console, traffic.error());
    std::set<std::string> named;
    const auto month = bill_of_template(console, options, options.choice.path, *traffic, named);
    if (!month) return kExitUsage;
    if (Result<void> known = check_names(*traffic, named); !known)
      return fail(console, known.error());
    return print_bill(console, client_options.format, options, *month);
  }
  if (!options.traffic_file.empty())
    return fail(console,
                cli::usage("--traffic goes with a template; write `kiln cost PATH --traffic " +
                           shell_word(options.traffic_file) + "`"));
  const Result<MonthBill> month = bill_of_reports(console, options, client_options.api);
  if (!month) return fail(console, month.error());
  return print_bill(console, client_options.format, options, *month);
}

void add_usage_sources(CLI::App& command, CostOptions& options) {
  command.add_option("path", options.choice.path, "cdk.out, a template, or a folder with one");
  command.add_option("--traffic", options.traffic_file, "How often a template's functions run")
      ->type_name("FILE");
  command.add_option("--diff", options.templates, "Compare two templates with the same traffic")
      ->expected(2)
      ->type_name("OLD NEW");
  command
      .add_option("--limit", options.limit,
                  "With --diff: exit code 1 if the costs rise by more than this")
      ->type_name("USD|N%");
  add_parameter_option(command, options.choice.parameters);
  command
      .add_option("--data-dir", options.data_dir, "What ran, from the logs in Kiln's data folder")
      ->type_name("DIR");
  command.add_option("--lines", options.lines_file, "What ran, from exported CloudWatch lines")
      ->type_name("FILE");
  command.add_option("--function", options.function, "The function that wrote the lines")
      ->type_name("NAME")
      ->capture_default_str();
}

}  // namespace

void add_cost_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("cost", "Price what ran, a template, or the change of one, for a month");
  command->footer(
      "Without a source it counts the REPORT lines of the running Kiln. docs/cost.md explains the\n"
      "traffic file and how each item is counted.\n"
      "\n"
      "Examples:\n"
      "  kiln cost --window 1h --html cost.html\n"
      "  kiln cost template.yaml --traffic traffic.json --free-tier\n"
      "  kiln cost --diff main.yaml branch.yaml --traffic traffic.json --limit 10%\n"
      "  aws logs tail /aws/lambda/orders --since 1d > lines && kiln cost --lines lines");
  auto options = std::make_shared<CostOptions>();
  add_usage_sources(*command, *options);
  command
      ->add_option("--window", options->window,
                   "The time in which it ran; default: from the first to the last REPORT line")
      ->type_name("TIME");
  command->add_flag_callback(
      "--as-is", [options] { options->reckoning = Reckoning::kAsIs; },
      "Price what ran, not a month of it");
  command->add_flag_callback(
      "--free-tier", [options] { options->free_tier = cost::FreeTier::kYes; },
      "Deduct AWS's monthly free tier");
  add_prices_option(*command, options->prices_file);
  command->add_option("--html", options->html_file, "Write a page with charts")->type_name("FILE");
  command->add_flag("--show-prices", options->show_prices, "Print the Region's prices and end");
  auto client_options = add_client_options(*command);
  command->callback([&invocation, options, client_options] {
    invocation.exit_code = run_cost(invocation.console, *client_options, *options);
  });
}

}  // namespace kiln::cli
