// Recorded traffic, read from files of several forms; which one it is, the first line says.
//
//   time[,function][,duration_ms]         a request a line, in order: seconds from the beginning,
//                                         seconds since 1970, or 2026-01-01T00:00:00.5Z; an empty
//                                         duration is not known. kiln load --save writes this form
//   minute,count[,function]               counts; minutes from 0. Also "time,count" at any step
//   HashOwner,HashApp,HashFunction,…      Azure Functions 2019: invocations per minute of a day
//   app,func,end_timestamp,duration       Azure Functions 2021
//   access logs                           common and combined log format, logs of an AWS ALB
//
// What can't be read is an error that names the line; nothing is guessed. Cost: one pass; memory
// for what is kept, 8 bytes a request where its time is known. Not thread-safe.
#pragma once

#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "traffic/arrivals.h"
#include "traffic/time_model.h"

namespace kiln::traffic {

struct TracedFunction {
  std::string name;  // "" when the file names none
  Traffic traffic;
  std::optional<TimeModel> duration;
  uint64_t requests = 0;
};

struct Trace {
  std::vector<TracedFunction> functions;  // most requests first
  Nanos length = 0;
  std::optional<WallTime> start;   // when the file says it
  std::vector<std::string> notes;  // what its reader should know: gaps that count as no requests
};

struct TraceLimits {
  uint64_t requests = 100'000'000;  // whose times are kept
  size_t functions = 100'000;
  size_t line_bytes = 1 << 20;
};

// `name`: of the file, for messages. Error (kInvalid, Trace).
Result<Trace> read_trace(std::istream& in, const std::string& name, const TraceLimits& limits = {});

// Gives the functions of an Azure trace of 2019 their times, from the file of its duration
// percentiles. Functions that it does not name stay without.
Result<void> read_azure_durations(std::istream& in, const std::string& name, Trace& trace);

}  // namespace kiln::traffic
