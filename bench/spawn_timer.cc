// How long processes take, measured without an interpreter in between. Prints one line of JSON with
// microseconds.
//
//   spawn_timer exit COUNT PAUSE PROGRAM [ARGUMENT …]    posix_spawn until waitpid has its end,
//   with
//                                                        PAUSE milliseconds before each
//   spawn_timer ready COUNT PAUSE PROGRAM [ARGUMENT …]   posix_spawn until its first line of
//   output;
//                                                        then SIGTERM
//
// The program gets an empty environment and, for `exit`, /dev/null as output: a function's
// bootstrap then finds no AWS_LAMBDA_RUNTIME_API, says so and ends. Its exit code is not looked at.
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using SteadyClock = std::chrono::steady_clock;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

double microseconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double, std::micro>(SteadyClock::now() - start).count();
}

pid_t spawn(char** arguments, const posix_spawn_file_actions_t& actions) {
  static std::array<char*, 1> environment{nullptr};
  pid_t pid = 0;
  if (posix_spawn(&pid, arguments[0], &actions, nullptr, arguments, environment.data()) != 0) {
    die("spawn_timer: posix_spawn");
  }
  return pid;
}

double time_exit(char** arguments) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const auto start = SteadyClock::now();
  const pid_t pid = spawn(arguments, actions);
  waitpid(pid, nullptr, 0);
  const double time = microseconds_since(start);
  posix_spawn_file_actions_destroy(&actions);
  return time;
}

double time_ready(char** arguments) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) die("spawn_timer: pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const auto start = SteadyClock::now();
  const pid_t pid = spawn(arguments, actions);
  close(ends[1]);
  bool line = false;
  std::array<char, 4096> block{};
  while (!line) {
    const ssize_t count = read(ends[0], block.data(), block.size());
    if (count <= 0) break;
    line = std::string_view(block.data(), static_cast<size_t>(count)).find('\n') !=
           std::string_view::npos;
  }
  const double time = microseconds_since(start);
  kill(pid, SIGTERM);
  waitpid(pid, nullptr, 0);
  close(ends[0]);
  posix_spawn_file_actions_destroy(&actions);
  if (!line) {
    std::fprintf(stderr, "spawn_timer: the program ended without a line of output\n");
    std::exit(1);
  }
  return time;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (argc < 5 || (mode != "exit" && mode != "ready")) {
    std::fprintf(stderr, "usage: spawn_timer exit|ready COUNT PAUSE PROGRAM [ARGUMENT ...]\n");
    return 2;
  }
  const int count = std::max(1, std::atoi(argv[2]));
  std::vector<double> times;
  times.reserve(static_cast<size_t>(count));
  const std::chrono::milliseconds pause(std::max(0, std::atoi(argv[3])));
  for (int i = 0; i < count; ++i) {
    std::this_thread::sleep_for(pause);
    times.push_back(mode == "exit" ? time_exit(argv + 4) : time_ready(argv + 4));
  }
  std::sort(times.begin(), times.end());
  std::printf("{\"count\":%zu,\"min_us\":%.1f,\"p50_us\":%.1f,\"max_us\":%.1f}\n", times.size(),
              times.front(), times[times.size() / 2], times.back());
}
