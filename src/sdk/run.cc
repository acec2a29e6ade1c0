#include "kiln/run.h"

#include <csignal>
#include <cstdlib>

#include "kiln/log.h"
#include "sdk/channel_transport.h"
#include "sdk/http_transport.h"
#include "sdk/loop.h"
#include "sdk/termination.h"

namespace kiln::sdk {

int run(const Function& function) {
  Termination::install();
  // A peer that closes a connection is an error to report, not a reason to die. Client libraries
  // that write without MSG_NOSIGNAL would otherwise end the environment with the first connection
  // that breaks.
  struct sigaction current {};
  if (::sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
    ::signal(SIGPIPE, SIG_IGN);
  }
  if (const auto channel = ChannelTransport::from_environment())
    return run_loop(*channel, function);

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
  HttpTransport transport(std::move(*endpoint));
  return run_loop(transport, function);
}

}  // namespace kiln::sdk
