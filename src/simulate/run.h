// The state of one run (see simulation.h): functions, environments, events, and what drives them.
// Private to this folder.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/admission.h"
#include "model/allocation.h"
#include "model/async_policy.h"
#include "model/environment_limits.h"
#include "model/environment_state.h"
#include "model/event_lanes.h"
#include "model/reuse_stack.h"
#include "simulate/control.h"
#include "simulate/event_heap.h"
#include "simulate/result.h"
#include "simulate/scenario.h"
#include "simulate/simulation.h"
#include "telemetry/function_metrics.h"

namespace kiln::simulate {

class Run final : private ControlPort {
 public:
  Run(const Scenario& scenario, const RunOptions& options, Nanos length);
  ~Run();
  Run(const Run&) = delete;

  Result<RunResult> go();

 private:
  // In the order in which they happen at the same time.
  enum Kind : uint8_t {
    kChange,  // index: of scenario.changes
    kSliceEnd,
    kControl,    // the step of alarms and schedules
    kProvision,  // index: of a version; starts what is due
    kReady,      // index and generation: of an environment, as in all that follow
    kEnd,        // the invocation's time is over, one way or the other
    kDue,        // a limit has been reached
    kRetry,      // index: of an event
  };

  enum class Outcome : uint8_t { kSuccess, kError, kCrash };
  static constexpr uint32_t kNone = ~0U;

  struct Request {
    double duration_ms = 0;
    Nanos began = 0;       // its way into an environment
    int64_t minute_s = 0;  // metric minute of that
    uint32_t source = 0;
    uint32_t event = kNone;  // the asynchronous event that it is a try of
    Outcome outcome = Outcome::kSuccess;
    bool drawn = false;  // how it goes is decided
    bool again = false;  // a later try of an event
    bool counted = false;
    model::Admission admission;
    telemetry::FunctionMetrics::Way* way = nullptr;
  };

  struct Environment {
    Environment(const model::EnvironmentLimits& limits, model::EnvironmentCause cause,
                SteadyTime now)
        : state(limits, cause, now) {}
    model::EnvironmentState state;
    uint32_t version = 0;
    uint32_t generation = 0;
    bool provisioned = false;
    bool ahead = false;  // in the Init phase of an allocation
    bool used = false;   // the slot
    Nanos started = 0;
    double init_ms = 0;  // of the cold start that its invocation pays for
    Request request;
  };

  struct Version {
    Version(const model::ConfigPtr& c, const model::AllocationRules& rules)
        : config(c), allocation(rules) {}
    model::ConfigPtr config;
    const Behaviour* behaviour = nullptr;
    uint32_t function = 0;
    model::EnvironmentLimits on_demand_limits, provisioned_limits;
    model::ReuseStack<uint32_t> on_demand, provisioned;
    model::Allocation<uint32_t> allocation;
    bool allocated = false;  // it has a configuration of provisioned concurrency
  };

  struct SourceState {
    SourceState(const Source& s, uint64_t seed) : source(s), arrivals(s.traffic, seed) {}
    const Source& source;
    traffic::Arrivals arrivals;
    uint32_t function = 0;
    traffic::Random durations, outcomes, routing;
    const model::Alias* weighted = nullptr;              // draws a version each time
    uint32_t version = 0;                                // of the others
    std::vector<telemetry::FunctionMetrics::Way*> ways;  // by version, made on first use
  };

  struct Function {
    Function(const SimulatedFunction& s, const Scenario& scenario, model::AccountCapacity& account)
        : setup(s),
          config(s.config),
          admission(account),
          metrics(scenario.region, s.config.name()) {}
    const SimulatedFunction& setup;
    model::Function config;  // as changes and scaling have made it
    model::FunctionAdmission admission;
    telemetry::FunctionMetrics metrics;
    bool watched = false;  // an alarm reads its metrics
    uint32_t first_version = 0, versions = 0;
    int provisioned_configured = 0;
    int environments = 0;
    traffic::Random inits, retries;
    FunctionTotals totals;
    double on_demand_billed_ms = 0, provisioned_billed_ms = 0;
    Slice slice;  // of now
    std::vector<Slice> slices;
    // Since when each unit of provisioned concurrency is configured, in metric time, by memory.
    struct Units {
      int memory_mb = 0;
      std::vector<Nanos> since;
    };
    std::map<std::string, Units> provisioned;  // by qualifier
    double provisioned_gb_s = 0;
  };

  // An asynchronous event until its end.
  struct AsyncEvent {
    uint32_t source = 0;
    model::AsyncProgress progress;
    Request request;  // of the first try
    bool first = true;
    bool counted = false;
  };

  class AllocationPort;
  friend class AllocationPort;

  // ---- run.cc: the loop, arrivals, admission
  void set_up();
  void loop();
  void happen(const Event& event);
  void arrive(SourceState& source, uint32_t index, Nanos at);
  void draw(Request& request, const Behaviour& behaviour, SourceState& source);
  // False: it was throttled.
  bool begin(Request& request);
  void throttle(Function& function, const Request& request, model::Throttle reason);
  uint32_t version_for(Function& function, SourceState& source);
  telemetry::FunctionMetrics::Way& way_of(Function& function, SourceState& source,
                                          uint32_t version);
  void complete(Environment& environment, double duration_ms, Outcome outcome, bool timed_out);
  void end_slice();
  void finish(RunResult& result);

  // ---- run_environments.cc: environments and allocations
  uint32_t make_environment(uint32_t version, model::EnvironmentCause cause);
  void start_init(uint32_t index);
  void on(uint32_t index, model::EnvironmentEvent event);
  void apply(uint32_t index, const model::EnvironmentEffects& effects, bool& ended);
  void hand_over(uint32_t index);
  void become_idle(uint32_t index);
  void bury(uint32_t index);
  // Ends environments whose idle time was over before now.
  void expire(Version& version);
  void configure(Function& function);
  void provision(uint32_t version);
  void schedule_provision(uint32_t version, SteadyTime at);
  void bill_provisioned(Function& function);

  // ---- run_events.cc: asynchronous invocations
  void accept_event(SourceState& source, const Request& request);
  void pump_events();
  void settle_events();
  void try_event(uint32_t index);
  void end_try(uint32_t index, model::AsyncOutcome outcome);
  void count_event(const Function& function, const SourceState& source, const char* metric,
                   double value, const char* unit);

  // ---- ControlPort
  void gather(const PointSink& sink) override;
  Result<int> provisioned(const scaling::ResourceId& resource) override;
  Result<void> set_provisioned(const scaling::ResourceId& resource, int units) override;
  void apply_change(const Change& change);

  SteadyTime steady() const { return SteadyTime(Duration(now_)); }
  // Metric time runs beside the time of invocations, faster or as fast.
  Nanos to_metric(Nanos at) const {
    return speed_ == 1 ? at : static_cast<Nanos>(static_cast<double>(at) * speed_);
  }
  Nanos from_metric(Nanos at) const {
    return speed_ == 1 ? at : static_cast<Nanos>(static_cast<double>(at) / speed_);
  }
  WallTime wall_of(Nanos at) const {
    return scenario_.start +
           std::chrono::duration_cast<WallTime::duration>(Duration(to_metric(at)));
  }
  int64_t minute();
  void push(Nanos at, Kind kind, uint32_t index, uint32_t generation = 0) {
    events_.push(Event::make(at, kind, generation, index));
  }

  const Scenario& scenario_;
  RunOptions options_;
  Nanos length_;
  double speed_;
  Nanos now_ = 0;
  bool draining_ = false;  // the time is over; what is in hand ends
  uint64_t steps_ = 0;

  model::AccountCapacity account_;
  std::deque<Function> functions_;
  std::deque<SourceState> sources_;
  std::deque<Version> versions_;
  std::vector<Environment> environments_;
  std::vector<uint32_t> free_environments_;
  std::vector<AsyncEvent> async_events_;
  std::vector<uint32_t> free_events_;
  model::EventLanes<uint32_t, uint32_t> lanes_;
  std::vector<std::pair<uint32_t, model::AsyncOutcome>> ended_tries_;
  std::vector<telemetry::MetricPoint> event_points_;
  int busy_ = 0;  // environments that have an invocation or start for one

  EventHeap events_;
  EventHeap arrivals_;  // the next one of each source
  int64_t minute_s_ = 0;
  Nanos minute_end_ = -1;
  Nanos slice_ = 0;      // length in metric time
  Nanos slice_end_ = 0;  // in metric time
  std::unique_ptr<Control> control_;
};

}  // namespace kiln::simulate
