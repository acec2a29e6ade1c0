// One load run against a function or a URL: the requests, and how their answers are told apart.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cli/api_client.h"
#include "load/generator.h"
#include "load/results.h"
#include "logs/report_line.h"
#include "traffic/arrivals.h"
#include "tune/payloads.h"

namespace kiln::cli {

enum class LoadKind { kInvoke, kEvent, kUrl };

struct LoadSettings {
  LoadKind kind = LoadKind::kInvoke;
  std::string function = {}, qualifier = {};  // of kUrl: whose log has its REPORT lines, or ""
  std::string url = {};                       // of kUrl
  std::vector<tune::WeightedPayload> payloads = {};
  traffic::Traffic traffic = {};
  uint64_t seed = 1;
  Duration length = std::chrono::seconds(30);
  Duration time_limit = std::chrono::seconds(60);
  Duration settle = std::chrono::seconds(30);  // at most, without news, until events have ended
  int64_t connections = 500;
};

// A request and what is known of it.
struct LoadRequest {
  int64_t due_ns = 0;
  double latency_ms = 0;  // from when it was due to its answer
  load::Kind kind = load::Kind::kFailed;
  std::string reason = {};  // of a throttle, an error or a failure
  std::string request_id = {};
  std::optional<logs::Report> report = {};
  double completed_ms = 0;  // of an event: from when it was due to its REPORT; 0: not known
};

struct LoadOutcome {
  load::Progress progress = {};
  load::Results results = {};
  std::vector<LoadRequest> requests = {};  // in the order of their answers
  int64_t completed = 0;                   // events whose REPORT has come
  int64_t failed_events = 0;               // of these, those that ended in an error
  std::vector<double> completion_ms = {};  // sorted
  std::vector<std::string> notes = {};
};

using LoadProgress =
    std::function<void(const load::Progress& progress, const load::Results& results)>;
// Ctrl-C came, and so many answers are still to come.
using LoadInterrupted = std::function<void(int64_t open)>;

// Error: nothing answers, a wrong URL, or one that is not http.
Result<LoadOutcome> run_load(const ApiOptions& api, const LoadSettings& settings,
                             const LoadProgress& progress, const LoadInterrupted& interrupted);

// Of an answer to such a request.
load::Kind kind_of(LoadKind kind, const load::Answer& answer,
                   const std::optional<logs::Report>& report);
// Why it was throttled or failed: AWS's Reason, its error type, or the status.
std::string reason_of(const load::Answer& answer);

}  // namespace kiln::cli
