// A function on the SDK that says what it has of its init and what of its environment: for
// tests/clients/test_snapshot_start.py.
#include <kiln/json_handler.h>
#include <kiln/snapshot.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Until the test closes the connection.
void wait_at(uint16_t port) {
  struct sockaddr_in gate = {};
  gate.sin_family = AF_INET;
  gate.sin_port = htons(port);
  gate.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  char byte;
  if (::connect(socket, reinterpret_cast<struct sockaddr*>(&gate), sizeof gate) != 0 ||
      ::recv(socket, &byte, 1, 0) != 0)
    throw std::runtime_error("no gate");
  ::close(socket);
}

}  // namespace

int main() {
  return kiln::run([] {
    const std::string mode = variable("MODE");
    if (mode == "fail") throw std::runtime_error("init fails");
    static std::thread second;
    if (mode == "thread")
      second = std::thread([] { std::this_thread::sleep_for(std::chrono::hours(1)); });
    static std::string order;
    kiln::before_checkpoint([] { order += "1"; });
    kiln::before_checkpoint([mode] {
      if (mode == "hook") throw std::runtime_error("the hook fails");
      order += "2";
    });
    kiln::after_restore([mode] {
      if (mode == "restore") throw std::runtime_error("the restore fails");
      order += "3";
    });
    kiln::after_restore([] { order += "4"; });
    const auto born = std::chrono::steady_clock::now().time_since_epoch().count();
    std::ofstream("/tmp/of_init") << "left";
    return [born, count = 0](const nlohmann::json& event,
                             const kiln::Context& context) mutable -> nlohmann::json {
      if (event.contains("abort")) std::abort();
      if (event.contains("gate")) wait_at(event["gate"].get<uint16_t>());
      std::string left;
      std::ifstream("/tmp/of_init") >> left;
      return {{"born", born},
              {"order", order},
              {"count", ++count},
              {"pid", ::getpid()},
              {"left", left},
              {"type", variable("AWS_LAMBDA_INITIALIZATION_TYPE")},
              {"api", variable("AWS_LAMBDA_RUNTIME_API")},
              {"log", std::string(context.log_stream)}};
    };
  });
}
