#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/json_access.h"
#include "cli/environment_list.h"
#include "cli/inside.h"
#include "cli/inspect_commands.h"
#include "cli/named_function.h"
#include "cli/output_file.h"
#include "cli/payload.h"
#include "cli/stop_signals.h"
#include "cli/table.h"
#include "cli/usage.h"
#include "cli/usage_error.h"
#include "report/flame_graph.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

struct ProfileOptions {
  std::string target;
  std::string payload;  // empty: somebody else invokes
  int invocations = 20;
  std::string output;
};

constexpr auto kSampleRound = std::chrono::milliseconds(100);
// Runtimes write what they have sampled this often.
constexpr auto kWritten = std::chrono::milliseconds(500);
constexpr size_t kShown = 10;

// The environment that is profiled, once it has had its invocations; its process lives.
Result<EnvironmentRow> wait_for_invocations(ApiClient& client, const ProfileOptions& options,
                                            const NamedFunction& function,
                                            const StopSignals& signals) {
  // Of those that were sent, some may have met another's and gone to another environment.
  const int64_t enough = options.payload.empty() ? options.invocations : 1;
  while (true) {
    const Result<json> all = list_environments(client);
    if (!all) return all.error();
    bool there = false;
    for (const json& each : *all) {
      if (string_at(each, "function") != function.name ||
          string_at(each, "debugger") != "profiler" || string_at(each, "phase") == "stopping")
        continue;
      there = true;
      EnvironmentRow row = row_of(each);
      if (row.phase == "idle" && row.invocations >= enough) return row;
    }
    if (!there)
      return Error{ErrorKind::kUnavailable, "ProfilerGone",
                   "the environment that was profiled has ended; `kiln logs " + function.words() +
                       "` says why"};
    if (signals.stopped_within(kSampleRound))
      return Error{ErrorKind::kUnavailable, std::string(kInterrupted),
                   "interrupted; nothing was written"};
  }
}

Result<void> invoke_all(ApiClient& client, const ProfileOptions& options,
                        const NamedFunction& function, const std::string& payload) {
  const std::string path = target_path(function.target, "invocations");
  for (int i = 0; i < options.invocations; ++i) {
    const Result<ApiResponse> answer =
        client.send({.method = "POST", .path = path, .body = payload, .time_limit = Duration(0)});
    if (!answer) return answer.error();
    if (answer->status != 200) return error_of(*answer);
  }
  return {};
}

std::string read_rest(const UniqueFd& file) {
  std::string text;
  std::array<char, 64 * 1024> chunk{};
  ssize_t n = 0;
  while ((n = ::read(file.get(), chunk.data(), chunk.size())) > 0)
    text.append(chunk.data(), static_cast<size_t>(n));
  return text;
}

Error no_samples() {
  return {ErrorKind::kNotFound, "NoProfile",
          "no samples: the invocations took too little time (ask for more of them with -n), or "
          "the program isn't one of Python, Node.js, or Kiln's SDK"};
}

Result<std::vector<report::FoldedStack>> read_profile(const EnvironmentRow& row,
                                                      const std::string& path) {
  std::this_thread::sleep_for(kWritten);
  const Result<UniqueFd> file = open_inside(row.pid, path, O_RDONLY);
  if (!file) return no_samples();
  Result<std::vector<report::FoldedStack>> stacks = report::parse_folded(read_rest(*file));
  if (stacks && stacks->empty()) return no_samples();
  return stacks;
}

void print_hottest(Console& console, OutputFormat format,
                   const std::vector<report::FoldedStack>& stacks, const std::string& output) {
  uint64_t all = 0;
  for (const report::FoldedStack& stack : stacks) all += stack.samples;
  const auto hot = report::hottest(stacks, kShown);
  if (format == OutputFormat::kJson) {
    json list = json::array();
    for (const report::HotFunction& each : hot)
      list.push_back({{"function", each.name}, {"samples", each.samples}});
    console.out << json_pretty(json{{"file", output}, {"samples", all}, {"hottest", list}}) << '\n';
    return;
  }
  Table table({{"SELF", Align::kRight}, {"FUNCTION"}});
  for (const report::HotFunction& each : hot)
    table.add({std::to_string(each.samples * 100 / std::max<uint64_t>(all, 1)) + " %", each.name});
  console.out << table.format(console) << "wrote " << output << " (" << all << " samples)\n";
}

int run_profile(Console& console, const ClientOptions& client_options, ProfileOptions options) {
  const Result<NamedFunction> named = read_function(options.target, client_options.api);
  if (!named) return fail(console, named.error());
  const NamedFunction& function = *named;
  Result<ApiClient> client = ApiClient::create(function.api);
  if (!client) return fail(console, client.error());
  std::string payload;
  if (!options.payload.empty()) {
    Result<std::string> read = read_payload(options.payload, console.in);
    if (!read) return fail(console, read.error());
    payload = *std::move(read);
  }
  if (options.output.empty()) options.output = function.name + ".svg";
  // Before anything is sampled.
  if (const Result<void> place = check_output_file(options.output, "--output"); !place)
    return fail(console, place.error());
  if (const auto there = configuration_of(*client, function); !there)
    return fail(console, there.error());
  const std::string path = "/_kiln/debug/" + percent_encode(function.name);
  const Result<json> started = send_document(
      *client, "POST", path + qualifier_query(function.qualifier()), {{"profile", true}});
  if (!started) return fail(console, error_on(function, started.error()), function.name);
  const StopSignals signals;
  Result<void> done;
  if (options.payload.empty())
    note(console, "sampling the next " + std::to_string(options.invocations) + " invocations of " +
                      function.name + "; invoke it now (Ctrl-C ends it)");
  else
    done = invoke_all(*client, options, function, payload);
  Result<EnvironmentRow> row = done ? wait_for_invocations(*client, options, function, signals)
                                    : Result<EnvironmentRow>(done.error());
  Result<std::vector<report::FoldedStack>> stacks =
      row ? read_profile(*row, string_at(*started, "profileFile"))
          : Result<std::vector<report::FoldedStack>>(row.error());
  (void)client->json({.method = "DELETE", .path = path});
  if (!stacks) return fail(console, stacks.error());
  const Result<void> written = write_output_file(
      options.output, "--output",
      report::flame_graph(
          *stacks, function.name + ", " + std::to_string(row->invocations) + " invocations"));
  if (!written) return fail(console, written.error());
  print_hottest(console, client_options.format, *stacks, options.output);
  return kExitOk;
}

}  // namespace

void add_profile_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("profile", "Draw a flame graph of where a function spends its time");
  command->footer(
      "Starts one environment that samples itself, waits for its invocations, and writes an SVG\n"
      "that any browser shows. C++ programs on Kiln's SDK and Node.js are sampled by CPU time,\n"
      "Python by the clock, so waiting shows, too. Symbols of C++ are those of `kiln create`.\n"
      "\n"
      "Examples:\n"
      "  kiln profile hello -n 100 --payload '{\"name\": \"Ada\"}'\n"
      "  kiln profile orders:prod -o orders.svg         the next 20 invocations, whoever sends "
      "them");
  auto options = std::make_shared<ProfileOptions>();
  command->add_option("function", options->target, "Name with an optional version or alias")
      ->required()
      ->type_name("NAME[:QUALIFIER]");
  command->add_option("-n,--invocations", options->invocations, "How many invocations to sample")
      ->type_name("N")
      ->check(number_between(1, 1'000'000))
      ->capture_default_str();
  command
      ->add_option("--payload", options->payload,
                   "Send the invocations, one after the other, with this event")
      ->type_name("JSON|@FILE|-");
  command->add_option("-o,--output", options->output, "File to write; default NAME.svg")
      ->type_name("FILE");
  auto client_options = add_client_options(*command);
  command->callback([&invocation, options, client_options] {
    invocation.exit_code = run_profile(invocation.console, *client_options, *options);
  });
}

}  // namespace kiln::cli
