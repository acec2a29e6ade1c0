#include "tests/accuracy/virtual_engine.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <system_error>

#include "base/check.h"
#include "base/statistics.h"
#include "cost/bill.h"
#include "engine/function_runner.h"
#include "model/provisioned_rules.h"
#include "tests/support/sandbox_double.h"
#include "traffic/arrivals.h"
#include "traffic/random.h"

namespace kiln::tests {
namespace {

using namespace std::chrono_literals;
using engine::FunctionRunner;

constexpr int kUsedMemoryMb = 60;
constexpr const char* kProvisioned = "provisioned";
constexpr const char* kOnDemand = "on-demand";

// A sandbox whose runtime takes its time: an event's payload says how many milliseconds.
class TimedSandbox final : public sandbox::SandboxPort, private net::Scheduled {
 public:
  TimedSandbox(engine::LoopPort& loop, sandbox::SandboxOwner& owner, double init_ms)
      : loop_(loop), owner_(owner), init_ms_(init_ms) {}
  ~TimedSandbox() override { loop_.cancel(this); }

  void start(const sandbox::SandboxSpec& spec) override {
    for (const std::string& variable : spec.env)
      if (variable == "AWS_LAMBDA_INITIALIZATION_TYPE=provisioned-concurrency")
        kind_ = kProvisioned;
    phase_ = Phase::kInit;
    owner_.on_started();
    after(init_ms_);
  }
  bool send(const sandbox::Event& event) override {
    if (phase_ != Phase::kIdle) return false;
    phase_ = Phase::kBusy;
    after(std::stod(std::string(event.payload)));
    return true;
  }
  void terminate() override { end(); }
  void kill() override { end(); }
  void begin_cpu_quota(const sandbox::ResourceLimits&) override {}
  void drain_output() override {}
  void pause_output() override {}
  void resume_output() override {}
  uint64_t peak_memory_bytes() override { return uint64_t{kUsedMemoryMb} << 20; }
  bool is_running() override { return false; }
  uint64_t cpu_ns() override { return 0; }
  bool freeze() override { return true; }

 private:
  enum class Phase { kNew, kInit, kIdle, kBusy, kEnding, kEnded };

  void after(double ms) {
    loop_.cancel(this);
    loop_.schedule(this, loop_.clock().steady_now() + Duration(std::llround(ms * 1e6)));
  }
  void end() {
    if (phase_ == Phase::kEnding || phase_ == Phase::kEnded) return;
    phase_ = Phase::kEnding;
    after(0);
  }
  SteadyTime on_time(SteadyTime) override {
    if (phase_ == Phase::kEnding) {
      phase_ = Phase::kEnded;
      sandbox::Exit exit;
      exit.peak_memory_bytes = peak_memory_bytes();
      owner_.on_exit(exit);
      return SteadyTime::max();
    }
    const bool busy = phase_ == Phase::kBusy;
    phase_ = Phase::kIdle;
    if (busy) owner_.on_answer(kind_, "");
    if (phase_ == Phase::kIdle) owner_.on_ready();
    return SteadyTime::max();
  }

  engine::LoopPort& loop_;
  sandbox::SandboxOwner& owner_;
  double init_ms_;
  const char* kind_ = kOnDemand;
  Phase phase_ = Phase::kNew;
};

const simulate::Behaviour& behaviour_of(const simulate::SimulatedFunction& truth,
                                        const model::FunctionConfig& config) {
  if (const auto found = truth.of_version.find(config.version); found != truth.of_version.end())
    return found->second;
  if (const auto found = truth.of_memory.find(config.memory_mb); found != truth.of_memory.end())
    return found->second;
  return truth.behaviour;
}

// What the engine says of each invocation that ended.
class Seen final : public engine::EventLog {
 public:
  Seen() : EventLog(engine::Severity::kInfo) {}
  void write(engine::EngineEvent&& event) override {
    if (std::string_view(event.kind) == "invocation") last_ = std::move(event);
  }
  double number(const char* name, double otherwise) const {
    for (const auto& [field, value] : last_.fields)
      if (std::string_view(field) == name) return std::get<double>(value);
    return otherwise;
  }
  bool failed() const { return std::string_view(last_.label) == "error"; }

 private:
  engine::EngineEvent last_;
};

// Where the engine writes its logs.
class Folder {
 public:
  Folder()
      : path_(std::filesystem::temp_directory_path() /
              ("kiln-virtual-" + std::to_string(::getpid()))) {}
  ~Folder() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// One run.
class Run {
 public:
  Run(const simulate::SimulatedFunction& truth, Duration idle_lifetime, uint64_t seed,
      WallTime begin)
      : truth_(truth),
        logs_(folder_.path()),
        inits_(seed, 3),
        durations_(seed, 2),
        ways_(seed, 4),
        offset_(begin - loop_.clock().wall_now()),
        host_{.loop = loop_,
              .make_sandbox =
                  [this](sandbox::SandboxOwner& owner) {
                    return std::make_unique<TimedSandbox>(loop_, owner,
                                                          truth_.behaviour.init.draw_ms(inits_));
                  },
              .log_store = logs_,
              .runtimes_dir = {},
              .endpoint_url = {}} {
    host_.idle_lifetime = idle_lifetime;
    account_.set_claimed_by_configuration(model::claimed_by_configuration(truth.config));
    runner_ = std::make_unique<FunctionRunner>(
        FunctionRunner::Shared{host_,
                               account_,
                               board_,
                               loop_.clock(),
                               Duration(0),
                               seen_,
                               turns_,
                               [](const std::function<void()>& work) { work(); },
                               {}},
        truth.config.region(), truth.config.name(), [](const model::FunctionConfig&) {
          return engine::TaskFolder{"/code", nullptr};
        });
  }
  ~Run() {
    runner_->abandon_all({ErrorKind::kUnavailable, "Ended", ""});
    loop_.advance(10s);
    runner_.reset();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Measured measure(Duration length, uint64_t seed, VirtualEngine::Provisioned provisioned) {
    KILN_CHECK(truth_.sources.size() == 1);
    runner_->update(truth_.config);
    if (provisioned == VirtualEngine::Provisioned::kReady) {
      loop_.advance(30s);
      offset_ -= 30s;
    }
    const SteadyTime start = loop_.clock().steady_now();
    const simulate::Source& source = truth_.sources[0];
    traffic::Arrivals arrivals(source.traffic, seed);
    for (traffic::Nanos at = arrivals.next(); at < length.count(); at = arrivals.next()) {
      loop_.advance(start + Duration(at) - loop_.clock().steady_now());
      call(source.qualifier);
    }
    loop_.advance(start + length - loop_.clock().steady_now());
    out_.seconds = std::chrono::duration<double>(length).count();
    loop_.advance(std::chrono::seconds(truth_.config.latest->timeout_s + 1));  // the last ones end
    out_.cold_starts = static_cast<double>(runner_->status().cold_starts);
    for (const auto& [qualifier, wanted] : truth_.config.provisioned)
      out_.usage[cost::Item::kProvisionedCapacity] +=
          cost::gb_seconds(truth_.config.latest->memory_mb, 1000 * out_.seconds) * wanted.requested;
    for (auto& [start_time, minute] : minutes_) out_.minutes.push_back(minute);
    std::sort(out_.latencies_ms.begin(), out_.latencies_ms.end());
    return std::move(out_);
  }

 private:
  void call(const std::string& qualifier) {
    const model::ConfigPtr config =
        model::resolve_qualifier(truth_.config, qualifier, ways_.unit());
    KILN_CHECK(config != nullptr);
    const WallTime now = loop_.clock().wall_now() + offset_;
    const WallTime minute_start = std::chrono::floor<std::chrono::minutes>(now);
    advise::Minute& minute = minutes_[minute_start];
    minute.start = minute_start;
    engine::Invocation invocation;
    invocation.request.qualifier = qualifier;
    invocation.request.request_id = "r" + std::to_string(static_cast<int64_t>(++out_.requests));
    invocation.request.payload =
        std::to_string(behaviour_of(truth_, *config).duration.draw_ms(durations_));
    const SteadyTime begun = loop_.clock().steady_now();
    ++in_use_;
    out_.most_in_use = std::max(out_.most_in_use, in_use_);
    minute.most_in_use = std::max(minute.most_in_use, in_use_);
    invocation.done = [this, config, begun, &minute](engine::InvokeReply&& reply) {
      --in_use_;
      if (reply.throttle != model::Throttle::kNone) {
        ++out_.throttles;
        ++minute.throttles;
        return;
      }
      take(*config, begun, minute, reply);
    };
    runner_->invoke(config, std::move(invocation));
    loop_.turn();
  }

  void take(const model::FunctionConfig& config, SteadyTime begun, advise::Minute& minute,
            const engine::InvokeReply& reply) {
    ++out_.invocations;
    ++minute.invocations;
    advise::Report report;
    report.at = loop_.clock().wall_now() + offset_;
    report.duration_ms = seen_.number("durationMs", 0);
    if (const double init = seen_.number("initMs", -1); init >= 0) report.init_ms = init;
    report.memory_mb = config.memory_mb;
    report.used_memory_mb = kUsedMemoryMb;
    report.timed_out = seen_.failed();
    if (report.timed_out) {
      ++out_.timeouts;
      ++minute.errors;
    }
    out_.reports.push_back(report);
    out_.latencies_ms.push_back(to_ms(loop_.clock().steady_now() - begun));
    cost::add_invocations(
        out_.usage, {.memory_mb = config.memory_mb,
                     .billed_ms = cost::billed_ms(report.duration_ms, report.init_ms.value_or(0)),
                     .capacity = reply.payload == kProvisioned ? cost::Capacity::kProvisioned
                                                               : cost::Capacity::kOnDemand});
  }

  const simulate::SimulatedFunction& truth_;
  Folder folder_;
  LoopDouble loop_;
  logs::LogStore logs_;  // ends before its folder
  traffic::Random inits_, durations_, ways_;
  WallTime::duration offset_;  // from the loop's clock to the time that the run has
  engine::EnvironmentHost host_;
  model::AccountCapacity account_{model::AccountQuota{}};
  engine::ProvisionedBoard board_;
  Seen seen_;
  engine::SnapshotTurns turns_;
  std::unique_ptr<FunctionRunner> runner_;
  Measured out_;
  std::map<WallTime, advise::Minute> minutes_;
  double in_use_ = 0;
};

}  // namespace

double Measured::latency_ms(double part) const {
  return latencies_ms.empty() ? 0 : percentile(latencies_ms, part);
}

double Measured::monthly_cost(const cost::Prices& prices) const {
  return cost::make_bill({cost::per_month(usage, seconds)}, prices, cost::FreeTier::kNo).total();
}

Measured VirtualEngine::run(Duration length, uint64_t seed, WallTime begin,
                            Provisioned provisioned) const {
  return Run(truth_, idle_lifetime_, seed, begin).measure(length, seed, provisioned);
}

}  // namespace kiln::tests
