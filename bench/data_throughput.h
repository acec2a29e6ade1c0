// What the programs behind bench/functions and bench/data_throughput have in common: the handler of
// a function is called with the event in a file, no engine between.
//
//   NAME_throughput FILE            once: {"answer","seconds","cpu_seconds","extra_mb"} goes to
//                                   standard output; extra_mb is how far the call raised the
//                                   resident memory above what the process with the event in memory
//                                   had
//   NAME_throughput FILE SECONDS    over and over, warm: {"calls","seconds","us","cpu_us"}
//   NAME_throughput --serve N       an HTTP server (bench/echo_server.h) with the handler in N
//                                   processes behind it, each in a new folder of its own below the
//                                   current one; prints "floor listening on PORT"
#pragma once

#include <kiln/context.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bench/echo_server.h"
#include "bench/hop.h"

namespace kiln::bench {

// VmRSS or VmHWM, its peak. (getrusage's peak may be that of the process that started this one.)
inline double memory_mb(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return std::stod(line.substr(field.size() + 1)) / 1024;
  }
  return 0;
}

// The process's time on processors, which other processes don't lengthen by much.
inline double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

inline void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

template <class Handle>
nlohmann::json call_once(Handle& handle, std::string_view event, const Context& context) {
  reset_peak();
  const double before_mb = memory_mb("VmRSS");
  const double cpu = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  const std::string answer = handle(event, context);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  const double cpu_taken = cpu_seconds() - cpu;
  return {{"answer", nlohmann::json::parse(answer)},
          {"cpu_seconds", cpu_taken},
          {"seconds", taken.count()},
          {"extra_mb", memory_mb("VmHWM") - before_mb}};
}

template <class Handle>
nlohmann::json call_for(double seconds, Handle& handle, std::string_view event, Context context) {
  using Clock = std::chrono::steady_clock;
  size_t calls = 0;
  std::string id;
  const auto call = [&] {
    id = "order-" + std::to_string(calls);  // each request has its own
    context.request_id = id;
    return handle(event, context);
  };
  const auto warm = nlohmann::json::parse(call());
  if (warm.is_object() && warm.value("statusCode", 200) != 200) return {{"error", warm}};
  const double cpu = cpu_seconds();
  const auto start = Clock::now();
  std::chrono::duration<double> taken{};
  while (taken.count() < seconds) {
    ++calls;
    call();
    taken = Clock::now() - start;
  }
  return {{"calls", calls},
          {"seconds", taken.count()},
          {"cpu_us", (cpu_seconds() - cpu) * 1e6 / static_cast<double>(calls)},
          {"us", taken.count() * 1e6 / static_cast<double>(calls)}};
}

// Each process is in a folder of its own, so that files with relative names are.
template <class Handle>
[[noreturn]] void serve_handler(size_t processes, Handle& handle, Context context, int output) {
  Hop hop(processes, [&](size_t number) -> Hop::Handle {
    const std::string folder = std::to_string(number);
    if (::mkdir(folder.c_str(), 0700) != 0 || ::chdir(folder.c_str()) != 0) std::abort();
    return [&, calls = size_t{0}, answer = std::string()](std::string_view event) mutable {
      const std::string id = "order-" + std::to_string(calls++);
      context.request_id = id;
      answer = handle(event, context);
      return std::string_view(answer);
    };
  });
  const int listener = listen_on(0);
  ::dprintf(output, "floor listening on %u\n", port_of(listener));
  serve(listener, &hop);
}

// Runs `body`, which returns the exit code. What it throws becomes a line on standard error and 1.
template <class Body>
int named_failure(const char* program, Body body) noexcept {
  try {
    return body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", program, error.what());
  } catch (...) {
    std::fprintf(stderr, "%s: it failed with something that is no std::exception\n", program);
  }
  return 1;
}

// `handle`: std::string(std::string_view event, const kiln::Context&). Returns the exit code.
template <class Handle>
int data_throughput(int argc, char** argv, Handle handle) {
  if (argc != 2 && argc != 3) {
    std::cerr << "usage: " << argv[0] << " FILE [SECONDS] | --serve PROCESSES\n";
    return 2;
  }
  const bool serves = argc == 3 && std::string_view(argv[1]) == "--serve";
  // Log lines are not what is measured; they are written all the same.
  const int output = ::dup(STDOUT_FILENO);
  if (output < 0 || !std::freopen("/dev/null", "w", stdout)) return 1;
  Context context;
  context.function_name = "bench";
  context.memory_limit_mb = 1769;
  context.deadline = std::chrono::system_clock::now() + std::chrono::hours(1);
  if (serves) serve_handler(static_cast<size_t>(std::atoi(argv[2])), handle, context, output);

  std::ifstream file(argv[1], std::ios::binary | std::ios::ate);
  if (!file) {
    std::cerr << argv[0] << ": can't read " << argv[1] << '\n';
    return 1;
  }
  std::string event(static_cast<size_t>(file.tellg()), '\0');
  file.seekg(0).read(event.data(), static_cast<std::streamsize>(event.size()));
  const nlohmann::json result = argc == 2 ? call_once(handle, event, context)
                                          : call_for(std::atof(argv[2]), handle, event, context);
  const std::string line = result.dump() + "\n";
  return ::write(output, line.data(), line.size()) == static_cast<ssize_t>(line.size()) ? 0 : 1;
}

}  // namespace kiln::bench
