// function_floors NAME WHAT SECONDS: the floor of a function (floors.h), called for that long; 0:
// once. WHAT is the event's file, a folder for the database, or the engine's port, as the floor
// needs. Prints {"calls","seconds","us","cpu_us"}.
#include <malloc.h>
#include <time.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string_view>

#include "bench/floors/floors.h"

namespace {

using namespace kiln::bench;

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::cerr << "function_floors: can't read " << path << '\n';
    std::exit(1);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

Floor floor_of(std::string_view name, const std::string& what) {
  if (name == "optimized_cold_start") return validate_user();
  if (name == "memory_optimized") return clean_records(content(what));
  if (name == "cpu_optimized") return cpu_intensive_batch();
  if (name == "concurrency_controller")
    return ask_for_metrics(static_cast<uint16_t>(std::atoi(what.c_str())));
  if (name == "optimized_imports") return analyse_records(content(what));
  if (name == "critical_handler") return authorize_again(what);
  if (name == "standard_handler") return store_order(what);
  if (name == "batch_handler") return store_hundred_again(what);
  std::cerr << "function_floors: no floor of '" << name << "'; see bench/floors/floors.h\n";
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: function_floors NAME WHAT SECONDS\n";
    return 2;
  }
  // As batch_handler does: the C library's own way gives memory back to the system all the time.
  ::mallopt(M_TRIM_THRESHOLD, 4 * 1024 * 1024);
  ::mallopt(M_MMAP_THRESHOLD, 4 * 1024 * 1024);
  const Floor floor = floor_of(argv[1], argv[2]);
  const double seconds = std::atof(argv[3]);
  using Clock = std::chrono::steady_clock;
  volatile double result = seconds > 0 ? floor() : 0;  // warm
  size_t calls = 0;
  const double cpu = cpu_seconds();
  const auto start = Clock::now();
  std::chrono::duration<double> taken{};
  do {
    result = floor();
    ++calls;
    taken = Clock::now() - start;
  } while (taken.count() < seconds);
  const double each = 1e6 / static_cast<double>(calls);
  std::printf("{\"calls\":%zu,\"seconds\":%.6f,\"us\":%.3f,\"cpu_us\":%.3f,\"result\":%.17g}\n",
              calls, taken.count(), taken.count() * each, (cpu_seconds() - cpu) * each,
              static_cast<double>(result));
}
