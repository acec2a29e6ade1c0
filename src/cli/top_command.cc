#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/duration_text.h"
#include "cli/stop_signals.h"
#include "cli/table.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

constexpr const char* kRepaint = "\x1b[H\x1b[J";  // cursor home, clear what is below

enum class Rounds { kOne, kUntilStopped };

std::string cell(const json& function, const char* member) {
  const json value = function.value(member, json());
  if (value.is_number_integer()) return std::to_string(value.get<int64_t>());
  if (value.is_number()) return fmt::format("{:.2f}", value.get<double>());
  return "-";
}

// Invocations a second since the last round; the engine's counters may have begun anew.
class Rates {
 public:
  std::string of(const std::string& key, int64_t count, SteadyTime now) {
    const auto found = last_.find(key);
    std::string out = "-";
    if (found != last_.end() && count >= found->second.first) {
      const double seconds = std::chrono::duration<double>(now - found->second.second).count();
      if (seconds > 0)
        out = fmt::format("{:.0f}", static_cast<double>(count - found->second.first) / seconds);
    }
    last_[key] = {count, now};
    return out;
  }

 private:
  std::map<std::string, std::pair<int64_t, SteadyTime>> last_;
};

std::string functions_table(const Console& console, const json& status, Rates& rates) {
  Table table({{"FUNCTION"},
               {"INV/S", Align::kRight},
               {"IN USE", Align::kRight},
               {"RESERVED", Align::kRight},
               {"PROVISIONED", Align::kRight},
               {"WARM", Align::kRight},
               {"COLD STARTS", Align::kRight},
               {"ERRORS", Align::kRight},
               {"THROTTLES", Align::kRight},
               {"P50 MS", Align::kRight},
               {"P99 MS", Align::kRight}});
  const SteadyTime now = std::chrono::steady_clock::now();
  for (const json& f : status.value("functions", json::array())) {
    const std::string region = string_at(f, "region"), name = string_at(f, "name");
    const int64_t configured = number_at(f, "provisionedConfigured");
    table.add(
        {region == "us-east-1" ? name : name + " (" + region + ")",
         rates.of(region + "/" + name, number_at(f, "invocations"), now), cell(f, "inUse"),
         cell(f, "reserved"),
         configured == 0 ? "-" : cell(f, "provisionedReady") + "/" + std::to_string(configured),
         cell(f, "idle"), cell(f, "coldStarts"), cell(f, "errors"), cell(f, "throttles"),
         cell(f, "p50Ms"), cell(f, "p99Ms")});
  }
  return table.format(console);
}

std::string alarms_table(const Console& console, const json& status) {
  Table table({{"ALARM"}, {"STATE"}, {"REASON"}});
  for (const json& alarm : status.value("alarms", json::array())) {
    const std::string region = string_at(alarm, "region"), name = string_at(alarm, "name");
    table.add({region == "us-east-1" ? name : name + " (" + region + ")", string_at(alarm, "state"),
               string_at(alarm, "reason")});
  }
  return table.format(console);
}

std::string page(const Console& console, const json& status, Rates& rates) {
  std::string out;
  if (status.value("functions", json::array()).empty())
    out += "no function has run yet; `kiln invoke NAME` runs one\n";
  else
    out += functions_table(console, status, rates);
  if (!status.value("alarms", json::array()).empty()) out += "\n" + alarms_table(console, status);
  if (const int64_t queued = number_at(status, "queuedEvents"); queued > 0)
    out += fmt::format("\n{} asynchronous invocations wait or run\n", queued);
  return out;
}

int run_top(Console& console, const ClientOptions& options, Duration every, Rounds rounds) {
  Result<ApiClient> client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  const StopSignals signals;
  Rates rates;
  do {
    Result<json> status = client->json({.method = "GET", .path = "/_kiln/status"});
    if (!status) return fail(console, status.error());
    if (options.format == OutputFormat::kJson) {
      console.out << status->dump() << '\n';
    } else {
      if (rounds == Rounds::kUntilStopped && console.out_is_terminal) console.out << kRepaint;
      console.out << page(console, *status, rates);
    }
    console.out.flush();
  } while (rounds == Rounds::kUntilStopped && !signals.stopped_within(every));
  return kExitOk;
}

}  // namespace

void add_top_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "top", "Show functions and alarms as they change (once, when not on a terminal)");
  command->footer(
      "Examples:\n"
      "  kiln top\n"
      "  kiln top --once --json | jq '.functions[] | {name, coldStarts}'\n"
      "PROVISIONED is ready/configured; percentiles are of the last five metric minutes.");
  auto options = add_client_options(*command);
  auto every = std::make_shared<std::string>("1s");
  auto once = std::make_shared<bool>(false);
  command->add_option("--interval", *every, "Time between two rounds (1s, 500ms)")
      ->type_name("TIME")
      ->check([](const std::string& text) {
        const Result<Duration> parsed = parse_duration(text);
        if (!parsed) return parsed.error().message;
        return *parsed > Duration(0) ? std::string() : std::string("an interval must be above 0");
      })
      ->capture_default_str();
  command->add_flag("--once", *once, "Show it once and end");
  command->callback([&invocation, options, every, once] {
    const bool live = invocation.console.out_is_terminal && !*once;
    invocation.exit_code = run_top(invocation.console, *options, *parse_duration(*every),
                                   live ? Rounds::kUntilStopped : Rounds::kOne);
  });
}

}  // namespace kiln::cli
