// What the programs behind bench/data_throughput have in common: a handler is called once with the
// event in a file, and {"answer","seconds","extra_mb"} goes to standard output; extra_mb is how far
// the call raised the resident memory above what the process with the event in memory had.
#pragma once

#include <kiln/context.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace kiln::bench {

// VmRSS or VmHWM, its peak. (getrusage's peak may be that of the process that started this one.)
inline double memory_mb(std::string_view field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return std::stod(line.substr(field.size() + 1)) / 1024;
  }
  return 0;
}

inline void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

// `handle`: std::string(std::string_view event, const kiln::Context&). Returns the exit code.
template <class Handle>
int data_throughput(int argc, char** argv, Handle handle) {
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " FILE\n";
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary | std::ios::ate);
  if (!file) {
    std::cerr << argv[0] << ": can't read " << argv[1] << '\n';
    return 1;
  }
  std::string event(static_cast<size_t>(file.tellg()), '\0');
  file.seekg(0).read(event.data(), static_cast<std::streamsize>(event.size()));
  // Log lines are not what is measured.
  const int output = ::dup(STDOUT_FILENO);
  if (output < 0 || !std::freopen("/dev/null", "w", stdout)) return 1;

  Context context;
  context.deadline = std::chrono::system_clock::now() + std::chrono::hours(1);
  reset_peak();
  const double before_mb = memory_mb("VmRSS");
  const auto start = std::chrono::steady_clock::now();
  const std::string answer = handle(std::string_view(event), context);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  const nlohmann::json result = {{"answer", nlohmann::json::parse(answer)},
                                 {"seconds", taken.count()},
                                 {"extra_mb", memory_mb("VmHWM") - before_mb}};
  const std::string line = result.dump() + "\n";
  return ::write(output, line.data(), line.size()) == static_cast<ssize_t>(line.size()) ? 0 : 1;
}

}  // namespace kiln::bench
