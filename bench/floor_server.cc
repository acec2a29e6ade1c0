// The floor under every warm-invoke figure: an HTTP/1.1 echo server (bench/echo_server.h).
//
//   floor_server [PORT] [THREADS | -PROCESSES]    prints "floor listening on PORT"; PORT 0 (the
//   default) takes a free one
//
// Each thread has its own listener (SO_REUSEPORT) and its own epoll. With PROCESSES the body goes
// through one of so many processes before (bench/hop.h), and there is one thread.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>
#include <vector>

#include "bench/echo_server.h"
#include "bench/hop.h"

int main(int argc, char** argv) {
  using namespace kiln::bench;
  const auto port = static_cast<uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  const int threads = argc > 2 ? std::atoi(argv[2]) : 1;
  std::optional<Hop> hop;
  if (threads < 0) hop.emplace(static_cast<size_t>(-threads));
  const int first = listen_on(port);
  const uint16_t actual = port_of(first);
  std::printf("floor listening on %u\n", actual);
  std::fflush(stdout);
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(serve, listen_on(actual), nullptr);
  serve(first, hop ? &*hop : nullptr);
}
