#include <algorithm>
#include <cctype>
#include <filesystem>

#include "cli/command.h"
#include "cli/duration_text.h"
#include "cli/serve.h"
#include "net/client_url.h"

namespace kiln::cli {
namespace {

// The bootstraps of the managed runtimes: beside the program in a build, in share/kiln when
// installed.
std::string default_runtimes_dir() {
  namespace fs = std::filesystem;
  std::error_code ec;
  const fs::path here = fs::read_symlink("/proc/self/exe", ec).parent_path();
  const fs::path beside = here / "runtimes";
  if (fs::is_directory(beside, ec)) return beside.string();
  return (here.parent_path() / "share" / "kiln" / "runtimes").string();
}

std::string check_account(const std::string& text) {
  const bool digits =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return text.size() == 12 && digits ? "" : "'" + text + "' is not an account: 12 digits";
}

std::string check_duration(const std::string& text) {
  const Result<Duration> parsed = parse_duration(text);
  return parsed ? "" : parsed.error().message;
}

std::string check_idle_lifetime(const std::string& text) {
  const Result<Duration> parsed = parse_duration(text);
  if (!parsed) return parsed.error().message;
  return *parsed > Duration(0) ? "" : "an idle lifetime of 0 would end every environment at once";
}

// "s3=http://127.0.0.1:9000": of a service that is not Kiln's own, to a server without a path.
std::string check_forward(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    return "'" + text + "' has not the form SERVICE=URL, as in s3=http://127.0.0.1:9000";
  const std::string service = text.substr(0, equals);
  for (const char* own :
       {"lambda", "cloudwatch", "monitoring", "logs", "sns", "application-autoscaling"})
    if (service == own) return "Kiln has " + service + " itself; leave --forward " + text + " out";
  const auto url = net::ClientUrl::parse(text.substr(equals + 1));
  if (!url) return url.error().message;
  if (url->scheme != net::ClientUrl::Scheme::kHttp)
    return "'" + text + "': servers are reached by http:// only";
  if (url->target != "/") return "'" + text + "': the URL must have no path";
  return "";
}

}  // namespace

void add_serve_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("serve", "Run the engine until Ctrl-C");
  command->footer(
      "Examples:\n"
      "  kiln serve\n"
      "  kiln serve --port 0                     on any free port; it is printed\n"
      "  kiln serve --data-dir /var/lib/kiln --account 123456789012\n"
      "  AWS_ENDPOINT_URL=http://127.0.0.1:4566 aws lambda list-functions");
  auto options = std::make_shared<ServeOptions>();
  auto idle = std::make_shared<std::string>("10m");
  auto provisioning_delay = std::make_shared<std::string>("0s");
  command->add_option("--host", options->host, "Address to listen on")
      ->type_name("ADDRESS")
      ->capture_default_str();
  command->add_option("--port", options->port, "TCP port; 0 takes a free one")
      ->type_name("PORT")
      ->capture_default_str();
  command->add_option("--data-dir", options->data_dir, "Where functions, code and logs are kept")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_option("--account", options->account, "The account id in every ARN")
      ->type_name("ID")
      ->check(check_account)
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Event loops; 0 suits the machine")
      ->type_name("N")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_option("--idle-lifetime", *idle, "How long an idle environment is kept (10m, 90s)")
      ->type_name("TIME")
      ->check(check_idle_lifetime)
      ->capture_default_str();
  command
      ->add_option("--account-concurrency", options->account_concurrency,
                   "Concurrent executions of the account; ten times as many requests a second")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  command
      ->add_option("--min-unreserved", options->min_unreserved,
                   "Concurrency that reserving must leave to functions without a reserve")
      ->type_name("N")
      ->check(CLI::Range(0, 10'000'000))
      ->capture_default_str();
  command
      ->add_option("--provisioning-delay", *provisioning_delay,
                   "From configuring provisioned concurrency to its first start (AWS: 1m to 2m)")
      ->type_name("TIME")
      ->check(check_duration)
      ->capture_default_str();
  command
      ->add_option("--speed", options->speed,
                   "How many times faster metric minutes, alarms, cooldowns, retries and schedules "
                   "run")
      ->type_name("N")
      ->check(CLI::Range(1.0, 3600.0))
      ->capture_default_str();
  auto forwards = std::make_shared<std::vector<std::string>>();
  command
      ->add_option("--forward", *forwards,
                   "Pass a service that Kiln doesn't have to another server, such as "
                   "s3=http://127.0.0.1:9000; may be given often")
      ->type_name("SERVICE=URL")
      ->check(check_forward);
  command
      ->add_option("--runtimes", options->runtimes_dir,
                   "Folder of the managed runtimes' bootstraps")
      ->type_name("DIR");
  command->add_flag_callback(
      "--strict-aws", [options] { options->strictness = Strictness::kAsAws; },
      "Refuse what AWS refuses, too, where Kiln could do it: step scaling of Lambda");
  command->add_flag_callback(
      "--verbose", [options] { options->verbosity = Verbosity::kVerbose; },
      "Log what the engine does");
  command->callback([&invocation, options, idle, provisioning_delay, forwards] {
    options->idle_lifetime = *parse_duration(*idle);
    options->provisioning_delay = *parse_duration(*provisioning_delay);
    for (const std::string& forward : *forwards) {
      std::string url = forward.substr(forward.find('=') + 1);
      if (url.ends_with('/')) url.pop_back();
      options->forwards[forward.substr(0, forward.find('='))] = std::move(url);
    }
    if (options->runtimes_dir.empty()) options->runtimes_dir = default_runtimes_dir();
    invocation.exit_code = invocation.serve(*options);
  });
}

}  // namespace kiln::cli
