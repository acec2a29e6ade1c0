#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "base/digest.h"
#include "base/ids.h"
#include "base/json_access.h"
#include "cli/command.h"
#include "cli/consent.h"
#include "cli/function_api.h"
#include "cli/invoke_tail.h"
#include "cli/named_function.h"
#include "cli/next_step.h"
#include "cli/payload.h"
#include "cli/sample_events.h"
#include "cli/shell.h"
#include "cli/usage.h"
#include "cli/waiting_input.h"

namespace kiln::cli {
namespace {

enum class LogTail { kNo, kYes };
enum class Wait { kForAnswer, kNo };

struct InvokeOptions {
  std::string target;  // NAME[:QUALIFIER], or an ARN
  std::string payload;
  std::string sample;  // name of a sample event
  LogTail tail = LogTail::kNo;
  Wait wait = Wait::kForAnswer;
};

// Kiln takes the request id from here, so that the log can be read while the function runs.
constexpr const char* kRequestIdHeader = "X-Kiln-Request-Id";

void print_answer(Console& console, OutputFormat format, const ApiResponse& response) {
  if (format == OutputFormat::kText) {
    console.out << response.body;
    if (!response.body.ends_with('\n')) console.out << '\n';
    return;
  }
  nlohmann::json document = {{"StatusCode", response.status},
                             {"ExecutedVersion", response.header("x-amz-executed-version")},
                             {"RequestId", response.header("x-amzn-requestid")}};
  document["Payload"] = json_parse(response.body);
  if (document["Payload"].is_discarded()) document["Payload"] = response.body;
  if (const std::string error = response.header("x-amz-function-error"); !error.empty()) {
    document["FunctionError"] = error;
  }
  console.out << json_pretty(document) << '\n';
}

Result<std::string> event_of(const InvokeOptions& options, std::istream& in) {
  if (options.sample.empty()) return read_payload(options.payload, in);
  Result<std::string> sample = sample_event(options.sample);
  if (sample) return sample;
  // `sam local invoke --event FILE`.
  const std::string given = options.sample.substr(options.sample.starts_with('@') ? 1 : 0);
  std::string own = file_meant(given);
  if (own.empty() && given.ends_with(".json")) own = given;
  const std::string name = shell_word(options.target);
  if (!own.empty())
    return usage("--event takes the name of a sample event; to send the file '" + own +
                 "', write `kiln invoke " + name + " " + shell_word("@" + own) + "`");
  if (json_parse(options.sample).is_structured())
    return usage(
        "--event takes the name of a sample event; write an event of your own as `kiln invoke " +
        name + " JSON`");
  return sample;
}

// Which limit a throttle is about, and what shows it.
std::string throttle_text(const std::string& reason, const std::string& name) {
  if (reason.empty()) return "";
  const bool own = reason == "ReservedFunctionConcurrentInvocationLimitExceeded" ||
                   reason == "ReservedFunctionInvocationRateLimitExceeded";
  return " (" + reason + "); " +
         (own ? "`kiln reserve " + name + "` shows the function's reserve"
              : "`kiln top` shows what is in use");
}

int report_accepted(Console& console, OutputFormat format, const ApiResponse& response) {
  const std::string id = response.header("x-amzn-requestid");
  if (format == OutputFormat::kJson) {
    console.out << json_pretty(nlohmann::json{{"StatusCode", response.status}, {"RequestId", id}})
                << '\n';
  } else {
    console.out << "accepted " << id << '\n';
  }
  return kExitOk;
}

int run_invoke(Console& console, const ClientOptions& client_options,
               const InvokeOptions& options) {
  const Result<NamedFunction> function = read_function(options.target, client_options.api);
  if (!function) return fail(console, function.error());
  if (options.payload == "-" && is_anybody_there(console))
    note(console, "type the event, and end it with Ctrl-D on a line of its own");
  Result<std::string> payload = event_of(options, console.in);
  if (!payload) return fail(console, payload.error());
  Result<ApiClient> client = ApiClient::create(function->api);
  if (!client) return fail(console, client.error());

  const FunctionTarget& target = function->target;
  ApiRequest request{.method = "POST", .path = target_path(target, "invocations")};
  request.body = *std::move(payload);
  request.headers = {{"Content-Type", "application/json"}};
  request.time_limit = Duration(0);  // the function has its own
  const std::string& name = function->name;
  std::optional<InvokeTail> tail;
  if (options.wait == Wait::kNo) {
    request.headers.emplace_back("X-Amz-Invocation-Type", "Event");
  } else {
    // Without --tail it is for the next step after a failure.
    request.headers.emplace_back("X-Amz-Log-Type", "Tail");
    if (options.tail == LogTail::kYes) {
      const std::string id = new_uuid();
      request.headers.emplace_back(kRequestIdHeader, id);
      tail.emplace(function->api, target, id, console.err);
    }
  }
  Result<ApiResponse> response = client->send(request);
  const bool streamed = tail && response && response->status == 200 && tail->finish();
  tail.reset();
  if (!response) return fail(console, response.error());
  // Only now, when whoever writes into a pipe has had the time to.
  if (options.payload.empty() && options.sample.empty() && json_waits_in_stdin())
    warn(console, "the event was {}, and stdin wasn't read; `kiln invoke " +
                      shell_word(options.target) + " -` sends what is there");
  if (response->status == 202) return report_accepted(console, client_options.format, *response);
  if (response->status != 200) {
    const Error error = error_of(*response);
    if (error.type == "ResourceNotFoundException") return fail(console, error_on(*function, error));
    if (error.type == kBadAnswer) return fail(console, error);
    // A throttle's reason: which of the limits it was.
    const std::string reason = string_at(json_parse(response->body), "Reason");
    return fail(console, {error.kind, error.type,
                          error.type + ": " + error.message + throttle_text(reason, name)});
  }
  const std::string log = base64_decode(response->header("x-amz-log-result")).value_or("");
  if (!streamed && options.tail == LogTail::kYes) console.err << log;
  console.err.flush();
  print_answer(console, client_options.format, *response);
  console.out.flush();
  const std::string function_error = response->header("x-amz-function-error");
  if (function_error.empty()) return kExitOk;
  return fail(console, {ErrorKind::kBadGateway, "FunctionError",
                        "the function answered with an error (" + function_error +
                            "): " + describe_function_error(response->body) + "; " +
                            next_step(response->body, log, name)});
}

}  // namespace

void add_invoke_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("invoke", "Invoke a function and print its answer");
  command->footer(
      "The answer goes to stdout, everything else to stderr. Exit code 1 if the function failed.\n"
      "\n"
      "Examples:\n"
      "  kiln invoke hello\n"
      "  kiln invoke hello '{\"name\": \"Ada\"}' --tail\n"
      "  kiln invoke hello:prod @event.json           a version or alias; the event in a file\n"
      "  kiln invoke hello --event s3                 a sample event; `kiln event` lists them\n"
      "  kiln invoke hello --async                    queue it and return at once\n"
      "  echo '{}' | kiln invoke hello - | jq .");
  auto options = std::make_shared<InvokeOptions>();
  command->add_option("function", options->target, "Name with an optional version or alias, or ARN")
      ->required()
      ->type_name("NAME[:QUALIFIER]");
  CLI::Option* payload = command
                             ->add_option("payload", options->payload,
                                          "Event: JSON, @FILE, or - for stdin; default {}")
                             ->type_name("JSON|@FILE|-");
  command->add_option("--event", options->sample, "Send a sample event of this source")
      ->type_name("SOURCE")
      ->excludes(payload);
  CLI::Option* tail = command->add_flag_callback(
      "--tail", [options] { options->tail = LogTail::kYes; },
      "Print the function's log on stderr while it runs");
  command
      ->add_flag_callback(
          "--async", [options] { options->wait = Wait::kNo; },
          "Queue the event (InvocationType Event) instead of waiting for the answer")
      ->excludes(tail);
  auto client_options = add_client_options(*command);
  command->callback([&invocation, options, client_options] {
    invocation.exit_code = run_invoke(invocation.console, *client_options, *options);
  });
}

}  // namespace kiln::cli
