#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/duration_text.h"
#include "base/interpreters.h"
#include "base/vpc_policy.h"
#include "cli/command.h"
#include "cli/forward_services.h"
#include "cli/serve.h"
#include "cli/state_folder.h"
#include "cli/usage_error.h"
#include "net/client_url.h"

namespace kiln::cli {
namespace {

struct NamedLevel {
  const char* name;
  LogLevel level;
};
constexpr NamedLevel kLevels[] = {{"debug", LogLevel::kDebug},
                                  {"info", LogLevel::kInfo},
                                  {"warning", LogLevel::kWarning},
                                  {"error", LogLevel::kError}};

LogLevel level_of(const std::string& text) {
  for (const NamedLevel& named : kLevels)
    if (text == named.name) return named.level;
  return LogLevel::kAsTerminal;
}

std::string check_level(const std::string& text) {
  return level_of(text) != LogLevel::kAsTerminal
             ? ""
             : "is '" + text + "'; it must be debug, info, warning, or error";
}

std::string check_format(const std::string& text) {
  return text == "text" || text == "json" ? "" : "is '" + text + "'; it must be text or json";
}

std::string check_account(const std::string& text) {
  const bool digits = std::all_of(text.begin(), text.end(), ascii::is_digit);
  return text.size() == 12 && digits ? "" : "is '" + text + "'; an account id has 12 digits";
}

std::string check_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  if (inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
      inet_pton(AF_INET6, text.c_str(), address.data()) == 1)
    return "";
  return "is '" + text + "'; it must be an IP address, such as 127.0.0.1 or 0.0.0.0";
}

std::string check_folder(const std::string& text) {
  std::error_code ec;
  return std::filesystem::is_directory(text, ec) ? "" : "is '" + text + "'; it must be a folder";
}

std::string check_duration(const std::string& text) {
  const Result<Duration> parsed = parse_duration(text);
  return parsed ? "" : parsed.error().message;
}

std::string check_idle_lifetime(const std::string& text) {
  const Result<Duration> parsed = parse_duration(text);
  if (!parsed) return parsed.error().message;
  return *parsed > Duration(0) ? "" : "is 0, which would end every environment at once";
}

// "s3=http://127.0.0.1:9000": of a service that is not Kiln's own, to a server without a path.
std::string check_forward(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    return "'" + text + "' has not the form SERVICE=URL, as in s3=http://127.0.0.1:9000";
  if (std::string wrong = wrong_forward(text.substr(0, equals)); !wrong.empty()) return wrong;
  const auto url = net::ClientUrl::parse(text.substr(equals + 1));
  if (!url) return url.error().message;
  if (url->scheme != net::ClientUrl::Scheme::kHttp)
    return "'" + text + "': servers are reached by http:// only";
  if (url->target != "/") return "'" + text + "': the URL must have no path";
  return "";
}

std::string check_interpreter(const std::string& text) {
  std::map<std::string, std::string> named;
  const auto parsed = Interpreters::parse(text, named);
  return parsed ? "" : parsed.error().message;
}

// The engine reads them where it looks for interpreters.
void name_interpreters(const char* variable, const std::vector<std::string>& named) {
  std::string all;
  for (const std::string& one : named) all += (all.empty() ? "" : " ") + one;
  if (!all.empty()) ::setenv(variable, all.c_str(), 1);
}

std::string check_host_name(const std::string& text) {
  if (!text.empty() && text.find_first_of(":/ ") == std::string::npos) return "";
  return "is '" + text + "'; it must be a host name without scheme and port";
}

std::string check_origin(const std::string& text) {
  const size_t scheme = text.find("://");
  const bool whole = scheme != std::string::npos && scheme > 0 &&
                     text.find('/', scheme + 3) == std::string::npos && text.size() > scheme + 3;
  if (whole || text == "*" || text == "null") return "";
  return "is '" + text + "'; it must be an origin, as in https://shop.example, or *";
}

}  // namespace

void add_serve_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("serve", "Run the engine until Ctrl-C");
  command->footer(
      "Examples:\n"
      "  kiln serve\n"
      "  kiln serve --here                       keep its state in ./.kiln\n"
      "  kiln serve --port 0                     on any free port; it is printed\n"
      "  kiln serve --data-dir /var/lib/kiln --account 123456789012\n"
      "  AWS_ENDPOINT_URL=http://127.0.0.1:4566 aws lambda list-functions");
  auto options = std::make_shared<ServeOptions>();
  auto idle = std::make_shared<std::string>("10m");
  auto provisioning_delay = std::make_shared<std::string>("0s");
  command->add_option("--host", options->host, "Address to listen on")
      ->type_name("ADDRESS")
      ->check(check_address)
      ->capture_default_str();
  command->add_option("--port", options->port, "TCP port; 0 takes a free one")
      ->type_name("PORT")
      ->check(number_between(0, 65'535))
      ->capture_default_str();
  auto here = std::make_shared<bool>(false);
  CLI::Option* data_dir =
      command
          ->add_option("--data-dir", options->data_dir,
                       "Folder of functions, code and logs [KILN_DATA_DIR]; default "
                       "$XDG_DATA_HOME/kiln, which is ~/.local/share/kiln for most users")
          ->type_name("DIR");
  command->add_flag("--here", *here, "Use the folder .kiln of the current folder as --data-dir")
      ->excludes(data_dir);
  command->add_option("--account", options->account, "The account id in every ARN")
      ->type_name("ID")
      ->check(check_account)
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Event loops; 0 chooses by the machine")
      ->type_name("N")
      ->check(number_between(0, 1024))
      ->capture_default_str();
  command
      ->add_option_function<std::string>(
          "--io",
          [options](const std::string& text) {
            options->io = text == "epoll"   ? net::IoChoice::kEpoll
                          : text == "uring" ? net::IoChoice::kUring
                                            : net::IoChoice::kAuto;
          },
          "How to wait for the kernel: uring (io_uring), epoll, or auto, which takes io_uring "
          "where "
          "it is allowed")
      ->type_name("NAME")
      ->check(one_of({"auto", "epoll", "uring"}))
      ->default_str("epoll");
  command->add_option("--idle-lifetime", *idle, "How long an idle environment is kept (10m, 90s)")
      ->type_name("TIME")
      ->check(check_idle_lifetime)
      ->capture_default_str();
  command
      ->add_option("--starts", options->starts,
                   "Environments that initialise at the same time, while more wait for their turn; "
                   "0 chooses by the machine: two for each processor")
      ->type_name("N")
      ->check(number_between(0, 10'000))
      ->capture_default_str();
  command
      ->add_option("--account-concurrency", options->account_concurrency,
                   "Concurrent executions of the account; ten times as many requests a second")
      ->type_name("N")
      ->check(number_between(1, 10'000'000))
      ->capture_default_str();
  command
      ->add_option("--min-unreserved", options->min_unreserved,
                   "Concurrency that reserving must leave to functions without a reserve")
      ->type_name("N")
      ->check(number_between(0, 10'000'000))
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
      ->check(fraction_between(1, 3600))
      ->capture_default_str();
  auto forwards = std::make_shared<std::vector<std::string>>();
  command
      ->add_option("--forward", *forwards,
                   "Pass a service that Kiln doesn't have to another server, such as "
                   "s3=http://127.0.0.1:9000; can be repeated")
      ->type_name("SERVICE=URL")
      ->check(check_forward);
  command->add_flag("--skip-unsupported", options->skip_unsupported,
                    "Deployments leave out resources and properties that stacks can't hold, "
                    "whichever tool deploys");
  command
      ->add_option("--allow-host", options->allowed_hosts,
                   "Answer for this host name, too, such as a docker-compose service's or "
                   "*.example.com; can be repeated [KILN_ALLOW_HOST]")
      ->type_name("NAME")
      ->delimiter(',')
      ->envname("KILN_ALLOW_HOST")
      ->check(check_host_name);
  command
      ->add_option("--allow-origin", options->allowed_origins,
                   "Answer web pages from this origin, such as https://shop.example; * for all; "
                   "can be repeated [KILN_ALLOW_ORIGIN]")
      ->type_name("ORIGIN")
      ->delimiter(',')
      ->envname("KILN_ALLOW_ORIGIN")
      ->check(check_origin);
  command
      ->add_option("--runtimes", options->runtimes_dir,
                   "Folder of the managed runtimes' bootstraps")
      ->type_name("DIR")
      ->check(check_folder);
  auto python = std::make_shared<std::vector<std::string>>();
  auto node = std::make_shared<std::vector<std::string>>();
  auto strict = std::make_shared<bool>(false);
  auto accepts_vpc = std::make_shared<bool>(false);
  command
      ->add_option("--python", *python,
                   "The interpreter of a Python version, such as 3.12=/opt/python3.12; can be "
                   "repeated [KILN_PYTHON]. Without it: PATH, pyenv, uv, mise, asdf, /opt")
      ->type_name("VERSION=PATH")
      ->check(check_interpreter);
  command
      ->add_option(
          "--node", *node,
          "The same for Node.js, such as 22=/opt/node22 [KILN_NODE]; without it: PATH, nvm, "
          "fnm, mise, asdf, /opt")
      ->type_name("VERSION=PATH")
      ->check(check_interpreter);
  command->add_flag("--strict-runtimes", *strict,
                    "Refuse functions whose runtime's own version isn't on this machine "
                    "[KILN_STRICT_RUNTIMES]");
  command->add_flag(
      "--accept-vpc", *accepts_vpc,
      "Record VpcConfig and FileSystemConfigs of functions, which have no effect here, "
      "instead of refusing them [KILN_ACCEPT_VPC]");
  command->add_flag_callback(
      "--strict-aws", [options] { options->strictness = Strictness::kAsAws; },
      "Also refuse what Kiln can do and AWS refuses: step scaling of Lambda");
  command->add_flag_callback(
      "--no-supervisor", [options] { options->supervision = Supervision::kOff; },
      "Don't restart an engine that a signal ended; for containers and init systems that do it "
      "themselves");
  CLI::Option* level =
      command
          ->add_option_function<std::string>(
              "--log-level",
              [options](const std::string& text) { options->log_level = level_of(text); },
              "What to print on stderr: debug, info, warning, or error; default info on a "
              "terminal, "
              "else warning")
          ->type_name("LEVEL")
          ->check(check_level);
  command
      ->add_option_function<std::string>(
          "--log-format",
          [options](const std::string& text) {
            options->log_format = text == "json" ? LogFormat::kJson : LogFormat::kText;
          },
          "Format of these lines: text, or json (one document a line)")
      ->type_name("FORMAT")
      ->check(check_format);
  command
      ->add_flag_callback(
          "--quiet,-q", [options] { options->log_level = LogLevel::kError; },
          "The same as --log-level error")
      ->excludes(level);
  command->callback([&invocation, options, idle, provisioning_delay, forwards, python, node, strict,
                     accepts_vpc, here] {
    if (*here) options->data_dir = kProjectFolder;
    // Not as CLI11's variable of the option, which would contradict --here.
    if (const char* named = std::getenv("KILN_DATA_DIR");
        options->data_dir.empty() && named != nullptr)
      options->data_dir = named;
    if (options->data_dir.empty()) {
      Result<std::string> folder = default_state_folder();
      if (!folder) {
        invocation.exit_code = fail(invocation.console, folder.error());
        return;
      }
      options->data_dir = *std::move(folder);
    }
    options->idle_lifetime = *parse_duration(*idle);
    options->provisioning_delay = *parse_duration(*provisioning_delay);
    std::map<std::string, std::string> also;
    for (const std::string& forward : *forwards) {
      std::string url = forward.substr(forward.find('=') + 1);
      if (url.ends_with('/')) url.pop_back();
      std::vector<std::string> names = forwarded_names(forward.substr(0, forward.find('=')));
      options->forwards[names.front()] = url;
      for (std::string& name : std::span(names).subspan(1)) also[std::move(name)] = url;
    }
    options->forwards.merge(also);  // those that were named stay
    name_interpreters(Interpreters::kPythonVariable, *python);
    name_interpreters(Interpreters::kNodeVariable, *node);
    if (*strict) ::setenv(Interpreters::kStrictVariable, "1", 1);
    if (*accepts_vpc) ::setenv(kAcceptVpcVariable, "1", 1);
    if (options->runtimes_dir.empty()) options->runtimes_dir = default_runtimes_folder();
    invocation.exit_code = invocation.serve(*options);
  });
}

}  // namespace kiln::cli
