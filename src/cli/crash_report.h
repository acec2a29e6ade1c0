// What a crash of the engine leaves: a file that says what it was doing. The engine's handlers
// write the raw one; the supervisor, which is sound, makes it readable.
//
//   watch_for_crashes(raw_path);                         // in the engine, once
//   Result<std::string> path = keep_crash_report({…});   // in the supervisor, after its end
//
// In it: the signal, the version, how long the engine ran, a failed check's text, the functions on
// the stack, and what each thread had in hand. Never in it: payloads, names of callers,
// environment.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace kiln::cli {

// Handles SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT: writes `raw_path`, then the signal takes its
// course. REQUIRES: called once in the process.
void watch_for_crashes(const std::string& raw_path);

struct Crash {
  std::string folder;    // of the reports; made here
  std::string raw_path;  // what the handlers wrote; it is removed
  int signal = 0;
  Duration ran{0};
  WallTime when{};
};

constexpr size_t kMostCrashReports = 20;  // the oldest go

// The report's path.
Result<std::string> keep_crash_report(const Crash& crash);

// "SIGSEGV", or "signal 34" of one without a name.
std::string signal_name(int signal);

// "kiln(_ZN4kiln6engineE+0x12) [0x55]" with its name as written in the source.
std::string readable_frame(const std::string& line);

}  // namespace kiln::cli
