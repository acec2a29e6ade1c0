// kiln aws …: becomes the AWS CLI.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/client_environment.h"
#include "cli/command.h"

namespace kiln::cli {
namespace {

// What the AWS CLI does by itself, or with a server that the words name.
bool needs_kiln(const std::vector<std::string>& words) {
  if (words.empty() || words.front() == "configure") return false;
  return std::none_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "help" || word == "--version" || word.starts_with("--generate-cli-skeleton") ||
           word.starts_with("--endpoint-url");
  });
}

// The AWS CLI says only that it can't connect.
Result<void> check_server(const ApiOptions& api) {
  if (Result<void> checked = check_endpoint(api.endpoint); !checked) return checked;
  if (!api.endpoint.starts_with("http://")) return {};
  Result<ApiClient> client = ApiClient::create(api);
  if (!client) return {};  // without libcurl; the AWS CLI has its own
  const Result<ApiResponse> answer = client->send({.path = "/_kiln/health"});
  if (!answer && answer.error().type == kCannotConnect) return answer.error();
  return {};
}

// Only returns when there is no AWS CLI, or no Kiln.
int run_aws(Console& console, const ApiOptions& api, const std::vector<std::string>& words) {
  if (needs_kiln(words))
    if (const Result<void> checked = check_server(api); !checked)
      return fail(console, checked.error());
  for (const char* name : kOtherKeys) ::unsetenv(name);
  for (const auto& [name, value] : client_environment(api))
    ::setenv(name.c_str(), value.c_str(), 1);
  ::setenv("AWS_PAGER", "", 0);
  // By option, too: older ones don't read the variable.
  std::vector<std::string> command = {"aws", "--endpoint-url", api.endpoint};
  command.insert(command.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  console.out.flush();
  ::execvp("aws", arguments.data());
  return fail(console, {ErrorKind::kUnavailable, "Usage",
                        std::string("can't start the AWS CLI, `aws`: ") + std::strerror(errno) +
                            "; Debian has it in the package awscli"});
}

}  // namespace

void add_aws_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("aws", "Run the AWS CLI against Kiln");
  command->footer(
      "Everything after `aws` goes to the AWS CLI, with Kiln's endpoint and Region "
      "(KILN_ENDPOINT,\n"
      "AWS_REGION) and with made-up keys.\n"
      "\n"
      "Examples:\n"
      "  kiln aws lambda list-functions\n"
      "  kiln aws s3 ls");
  command->prefix_command();
  command->callback([&invocation, command] {
    ClientOptions options;
    read_client_environment(options);
    invocation.exit_code = run_aws(invocation.console, options.api, command->remaining());
  });
}

}  // namespace kiln::cli
