// `kiln serve`: what it can be told, and the call that runs it. Option parsing is in
// serve_command.cc.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"

namespace kiln::cli {

enum class Strictness { kPermissive, kAsAws };
enum class Verbosity { kNormal, kVerbose };

struct ServeOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 4566;  // 0: any free one
  std::string data_dir = ".kiln";
  std::string account = "000000000000";
  int threads = 0;  // event loops; 0: as many as suit the machine
  Duration idle_lifetime = std::chrono::minutes(10);
  std::string runtimes_dir;  // holds python/ and nodejs/
  int account_concurrency = 1'000;
  int min_unreserved = 100;
  Duration provisioning_delay{0};
  double speed = 1;
  std::map<std::string, std::string> forwards;  // service → http://HOST:PORT
  Strictness strictness = Strictness::kPermissive;
  Verbosity verbosity = Verbosity::kNormal;
};

// Runs the engine until SIGINT or SIGTERM. Prints `kiln listening on http://HOST:PORT` on stdout
// when it is ready. Returns the program's exit code. REQUIRES: the process has one thread.
int run_serve(const ServeOptions& options);

}  // namespace kiln::cli
