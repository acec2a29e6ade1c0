// `kiln serve`: what it can be told, and the call that runs it. Option parsing is in
// serve_command.cc.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "net/io_backend.h"

namespace kiln::cli {

enum class Strictness { kPermissive, kAsAws };
// What is said of what happens; each level has those below it.
enum class LogLevel { kAsTerminal, kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };
// Whether an engine that ends by a signal is started again.
enum class Supervision { kOn, kOff };

struct ServeOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 4566;  // 0: any free one
  std::string data_dir;  // may be relative; serve makes it
  std::string account = "000000000000";
  int threads = 0;  // event loops; 0: as many as suit the machine
  net::IoChoice io = net::IoChoice::kEpoll;
  Duration idle_lifetime = std::chrono::minutes(10);
  int starts = 0;            // that initialise at once; 0: as many as suit the machine
  std::string runtimes_dir;  // holds python/ and nodejs/
  int account_concurrency = 1'000;
  int min_unreserved = 100;
  Duration provisioning_delay{0};
  double speed = 1;
  // Host names and origins of web pages that are let in besides those of this machine.
  std::vector<std::string> allowed_hosts, allowed_origins;
  std::map<std::string, std::string> forwards;  // service → http://HOST:PORT
  bool skip_unsupported = false;
  Strictness strictness = Strictness::kPermissive;
  LogLevel log_level = LogLevel::kAsTerminal;  // info on a terminal, else warning
  LogFormat log_format = LogFormat::kText;
  Supervision supervision = Supervision::kOn;
};

// Runs the engine until SIGINT, SIGTERM or SIGHUP. Prints `kiln listening on http://HOST:PORT` on
// stdout when it is ready, and more on a terminal; events go to stderr. Returns the program's exit
// code. REQUIRES: the process has one thread.
int run_serve(const ServeOptions& options);

}  // namespace kiln::cli
