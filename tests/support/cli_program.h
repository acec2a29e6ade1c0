// Runs whole command lines against a TestServer. Only for tests.
#pragma once

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "cli/program.h"
#include "tests/support/cli_server.h"

namespace kiln::cli {

// What the developer's own shell says about endpoints and Regions is no part of a test.
inline const bool kEnvironmentCleared = [] {
  for (const char* name : {"KILN_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION",
                           "http_proxy", "NO_COLOR"}) {
    unsetenv(name);
  }
  return true;
}();

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

struct Terminal {
  std::string typed;
  bool is_terminal = false;
  bool colors = true;
};

inline Outcome run(const std::vector<std::string>& arguments, const Terminal& terminal = {}) {
  std::istringstream in(terminal.typed);
  std::ostringstream out;
  std::ostringstream err;
  Console console{in,
                  out,
                  err,
                  terminal.is_terminal,
                  terminal.is_terminal,
                  terminal.is_terminal,
                  terminal.colors};
  const int code = run_program(arguments, console, [](const ServeOptions&) { return 99; });
  return {code, out.str(), err.str()};
}

inline TestResponse not_found() {
  return {404,
          R"({"Type":"User","Message":"Function not found: x"})",
          {{"x-amzn-ErrorType", "ResourceNotFoundException"}}};
}

// A port where nothing listens: bound, then closed.
inline std::string silent_endpoint() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  KILN_CHECK(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  KILN_CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(fd);
  return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

// Sets a variable for the length of a scope.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  ~Environment() {
    if (before_) {
      setenv(name_, before_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

inline nlohmann::json body_of(const TestRequest& request) {
  return nlohmann::json::parse(request.body);
}

}  // namespace kiln::cli
