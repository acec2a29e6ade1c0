#include "kiln/run.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <vector>

#include "kiln/log.h"
#include "sdk/core/channel_transport.h"
#include "sdk/core/crash.h"
#include "sdk/core/http_transport.h"
#include "sdk/core/loop.h"
#include "sdk/core/output.h"
#include "sdk/core/profile.h"
#include "sdk/core/snapshot.h"
#include "sdk/core/template_process.h"
#include "sdk/core/termination.h"

namespace kiln::sdk {
namespace {

// What AWS_LAMBDA_MAX_CONCURRENCY says; 1 where it says nothing that makes sense.
int max_concurrency() {
  const char* text = std::getenv("AWS_LAMBDA_MAX_CONCURRENCY");
  const int value = text ? std::atoi(text) : 1;
  return std::clamp(value, 1, Termination::kMaxThreads);
}

}  // namespace

int run(const Function& function) {
  install_output();
  Termination::install();
  install_crash_log();
  start_profile();
  // A peer that closes a connection is an error to report, not a reason to die. Client libraries
  // that write without MSG_NOSIGNAL would otherwise end the environment with the first connection
  // that breaks.
  struct sigaction current {};
  if (::sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
    ::signal(SIGPIPE, SIG_IGN);
  }
  if (const int control = template_control(); control >= 0) return run_template(control, function);
  // The channel carries whole answers; over the Runtime API each write goes at once.
  const auto channel = ChannelTransport::from_environment();
  if (channel && !function.stream) return run_loop(*channel, function);

  const char* address = std::getenv("AWS_LAMBDA_RUNTIME_API");
  if (!address) {
    log::error(
        "AWS_LAMBDA_RUNTIME_API is not set: this program is a Lambda function; start it with `kiln "
        "serve`");
    return 1;
  }
  auto endpoint = Endpoint::parse(address);
  if (!endpoint) {
    log::error("AWS_LAMBDA_RUNTIME_API is not HOST:PORT with a numeric host", {{"value", address}});
    return 1;
  }
  const int concurrency = max_concurrency();
  if (concurrency == 1) {
    HttpTransport transport(std::move(*endpoint));
    return run_loop(transport, function);
  }
  std::vector<std::unique_ptr<Transport>> transports;
  for (int i = 0; i < concurrency; ++i) {
    transports.push_back(std::make_unique<HttpTransport>(*endpoint));
  }
  return run_loops(transports, function);
}

}  // namespace kiln::sdk
