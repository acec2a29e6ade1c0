// What Kiln is doing at this moment: functions, alarms, the queue of asynchronous invocations. One
// snapshot serves `kiln top` (GET /_kiln/status, JSON) and Prometheus (GET /metrics, its text
// format, version 0.0.4).
//
// Threading: handle() on any thread.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "net/http_message.h"
#include "net/http_server.h"
#include "services/driver/reply.h"
#include "telemetry/alarm.h"

namespace kiln::services {

struct Snapshot {
  struct Function {
    engine::FunctionStatus status;
    std::optional<double> p50_ms, p99_ms;  // of the last five metric minutes
  };
  struct Alarm {
    std::string region;
    std::string name;
    telemetry::AlarmState state = telemetry::AlarmState::kInsufficientData;
    std::string reason;
  };
  std::vector<Function> functions;
  std::vector<Alarm> alarms;
  size_t queued_events = 0;
  uint64_t internal_errors = 0;               // defects of Kiln's that ended at a fence
  net::ConnectionCounts connections;          // of callers
  net::ConnectionCounts runtime_connections;  // of functions, to the Runtime API
  int account_concurrency = 0;                // in each Region
  double speed = 1;
  WallTime machine_time{};
  WallTime metric_time{};                          // of metrics, alarms and scaling
  Duration idle_lifetime{}, provisioning_delay{};  // in metric time
  int64_t process = 0;                             // the engine's
  std::string data_dir;
};

nlohmann::json status_document(const Snapshot& snapshot);
std::string prometheus_text(const Snapshot& snapshot);

enum class StatusFormat { kJson, kPrometheus };

class StatusService {
 public:
  explicit StatusService(engine::Engine& engine) : engine_(engine) {}

  // Who knows the connections of the port. REQUIRES: before the first request.
  void count_connections(std::function<net::ConnectionCounts()> counter) {
    connections_ = std::move(counter);
  }

  void handle(StatusFormat format, Reply reply);

 private:
  Snapshot take();  // on the control thread

  engine::Engine& engine_;
  std::function<net::ConnectionCounts()> connections_;
};

}  // namespace kiln::services
