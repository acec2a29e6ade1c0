#include "simulate/run.h"

#include <algorithm>

#include "base/check.h"

namespace kiln::simulate {
namespace {

constexpr Nanos kMinute = 60 * traffic::kSecond;

// Each use of random numbers has a stream of its own, so that one more draw here changes nothing
// there.
uint64_t stream(uint64_t what, size_t index) { return what << 32 | index; }
enum : uint64_t { kArrivals = 1, kDurations, kOutcomes, kRouting, kInits, kRetries };

uint64_t seed_of(uint64_t seed, uint64_t what, size_t index) {
  return traffic::Random(seed, stream(what, index)).bits();
}

}  // namespace

Run::Run(const Scenario& scenario, const RunOptions& options, Nanos length)
    : scenario_(scenario),
      options_(options),
      length_(length),
      speed_(scenario.platform.speed),
      account_(scenario.quota),
      lanes_(scenario.platform.events_at_once, scenario.platform.all_events_at_once) {}

Run::~Run() = default;

Result<RunResult> Run::go() {
  set_up();
  if (const auto done = control_->set_up(scenario_.start); !done) return done.error();
  for (Function& function : functions_)
    function.watched = control_->watches(function.config.name());
  if (control_->needed()) {
    const int64_t first_s =
        epoch_s(scenario_.start) / control_->step_s() * control_->step_s() + control_->step_s();
    push(from_metric((first_s - epoch_s(scenario_.start)) * traffic::kSecond), kControl, 0);
  }
  loop();
  RunResult result;
  finish(result);
  return result;
}

void Run::set_up() {
  control_ = std::make_unique<Control>(scenario_, static_cast<ControlPort&>(*this));
  for (const SimulatedFunction& setup : scenario_.functions) {
    const size_t index = functions_.size();
    Function& function = functions_.emplace_back(setup, scenario_, account_);
    function.inits = traffic::Random(options_.seed, stream(kInits, index));
    function.retries = traffic::Random(options_.seed, stream(kRetries, index));
    function.first_version = static_cast<uint32_t>(versions_.size());
    const auto add = [&](const model::ConfigPtr& config) {
      Version& version = versions_.emplace_back(config, scenario_.platform.allocation);
      const auto own = setup.of_version.find(config->version);
      version.behaviour = own == setup.of_version.end() ? &setup.behaviour : &own->second;
      version.function = static_cast<uint32_t>(index);
      version.on_demand_limits = model::limits_of(*config, model::EnvironmentCause::kInvocation,
                                                  scenario_.platform.idle_lifetime);
      version.provisioned_limits = model::limits_of(*config, model::EnvironmentCause::kProvisioning,
                                                    scenario_.platform.idle_lifetime);
      ++function.versions;
    };
    add(function.config.latest);
    for (const auto& [number, config] : function.config.versions) add(config);
    for (const Source& source : setup.sources) {
      const size_t number = sources_.size();
      SourceState& state = sources_.emplace_back(source, seed_of(options_.seed, kArrivals, number));
      state.function = static_cast<uint32_t>(index);
      state.durations = traffic::Random(options_.seed, stream(kDurations, number));
      state.outcomes = traffic::Random(options_.seed, stream(kOutcomes, number));
      state.routing = traffic::Random(options_.seed, stream(kRouting, number));
      const auto alias = function.config.aliases.find(source.qualifier);
      if (alias != function.config.aliases.end() && alias->second.additional_version)
        state.weighted = &alias->second;
      else
        state.version = version_for(function, state);
      state.ways.resize(function.versions);
      const Nanos first = state.arrivals.next();
      if (first < length_) arrivals_.push(Event::make(first, 0, 0, static_cast<uint32_t>(number)));
    }
  }
  for (Function& function : functions_) configure(function);
  for (size_t i = 0; i < scenario_.changes.size(); ++i)
    push(scenario_.changes[i].at, kChange, static_cast<uint32_t>(i));
  const Nanos metric_length = to_metric(length_);
  const auto minutes = static_cast<size_t>(metric_length / kMinute + 1);
  slice_ = static_cast<Nanos>((minutes + options_.slices - 1) / options_.slices) * kMinute;
  slice_end_ = slice_;
  push(from_metric(slice_end_), kSliceEnd, 0);
}

void Run::loop() {
  while (!draining_ || busy_ > 0) {
    const Nanos arrival = arrivals_.empty() ? traffic::kNever : arrivals_.top().at;
    const Nanos event = events_.empty() ? traffic::kNever : events_.top().at;
    if (!draining_ && std::min(arrival, event) >= length_) {
      now_ = length_;
      end_slice();
      for (Function& function : functions_) bill_provisioned(function);
      draining_ = true;
      continue;
    }
    if (event == traffic::kNever && arrival == traffic::kNever) return;
    ++steps_;
    // Whoever has an answer may use the concurrency: what ends now comes before what begins.
    if (event <= arrival) {
      const Event next = events_.top();
      events_.pop();
      now_ = next.at;
      happen(next);
      if (!ended_tries_.empty()) settle_events();
      continue;
    }
    const uint32_t index = arrivals_.top().index();
    now_ = arrival;
    SourceState& source = sources_[index];
    const Nanos following = source.arrivals.next();
    if (following < length_)
      arrivals_.replace_top(Event::make(following, 0, 0, index));
    else
      arrivals_.pop();
    arrive(source, index, arrival);
    if (!ended_tries_.empty()) settle_events();
  }
}

void Run::happen(const Event& event) {
  const uint32_t index = event.index();
  if (event.kind() >= kReady && event.kind() <= kDue) {
    const Environment& environment = environments_[index];
    if (!environment.used || environment.generation % Event::kGenerations != event.generation())
      return;
  }
  switch (static_cast<Kind>(event.kind())) {
    case kChange:
      return apply_change(scenario_.changes[index]);
    case kSliceEnd:
      if (draining_) return;
      end_slice();
      slice_end_ += slice_;
      return push(from_metric(slice_end_), kSliceEnd, 0);
    case kControl: {
      if (draining_) return;
      const auto end_s = epoch_s(wall_of(now_ + 1));
      control_->step(end_s);
      return push(
          from_metric((end_s + control_->step_s() - epoch_s(scenario_.start)) * traffic::kSecond),
          kControl, 0);
    }
    case kProvision:
      return provision(index);
    case kReady:
      return on(index, model::EnvironmentEvent::kReady);
    case kEnd:
      if (environments_[index].request.outcome == Outcome::kCrash)
        return on(index, model::EnvironmentEvent::kExit);
      on(index, model::EnvironmentEvent::kAnswer);
      return on(index, model::EnvironmentEvent::kReady);
    case kDue:
      return on(index, model::EnvironmentEvent::kDue);
    case kRetry:
      if (draining_) return;
      lanes_.add(sources_[async_events_[index].source].function, index);
      return settle_events();
  }
}

int64_t Run::minute() {
  if (now_ >= minute_end_) {
    minute_s_ = epoch_s(wall_of(now_));
    minute_s_ -= minute_s_ % 60;
    minute_end_ = from_metric((minute_s_ + 60 - epoch_s(scenario_.start)) * traffic::kSecond);
  }
  return minute_s_;
}

uint32_t Run::version_for(Function& function, SourceState& source) {
  if (function.versions == 1) return function.first_version;
  const double roll = source.weighted ? source.routing.unit() : 1;
  const model::ConfigPtr config =
      model::resolve_qualifier(function.config, source.source.qualifier, roll);
  for (uint32_t i = 0; i < function.versions; ++i)
    if (versions_[function.first_version + i].config == config) return function.first_version + i;
  return function.first_version;
}

telemetry::FunctionMetrics::Way& Run::way_of(Function& function, SourceState& source,
                                             uint32_t version) {
  auto& way = source.ways[version - function.first_version];
  if (!way)
    way = &function.metrics.way(source.source.qualifier, versions_[version].config->version);
  return *way;
}

void Run::draw(Request& request, const Behaviour& behaviour, SourceState& source) {
  request.drawn = true;
  request.duration_ms = behaviour.duration.draw_ms(source.durations);
  request.outcome = Outcome::kSuccess;
  const double error_rate = source.source.error_rate.value_or(behaviour.error_rate);
  if (error_rate <= 0 && behaviour.crash_rate <= 0) return;
  const double roll = source.outcomes.unit();
  if (roll < behaviour.crash_rate)
    request.outcome = Outcome::kCrash;
  else if (roll < behaviour.crash_rate + error_rate)
    request.outcome = Outcome::kError;
}

void Run::arrive(SourceState& source, uint32_t index, Nanos at) {
  Function& function = functions_[source.function];
  Request request;
  request.source = index;
  request.counted = at >= scenario_.warm_up;
  // Drawn for each request in turn, whether it is let in or not: other settings meet the same ones.
  if (function.setup.of_version.empty()) draw(request, function.setup.behaviour, source);
  if (request.counted) ++function.totals.requests;
  if (source.source.type == Source::Type::kAsynchronous) return accept_event(source, request);
  (void)begin(request);
}

bool Run::begin(Request& request) {
  SourceState& source = sources_[request.source];
  Function& function = functions_[source.function];
  const uint32_t number = source.weighted ? version_for(function, source) : source.version;
  Version& version = versions_[number];
  if (!request.drawn) {
    const Outcome before = request.outcome;
    draw(request, *version.behaviour, source);
    // Whether an event fails again is its own fault, or the time's.
    if (request.again && source.source.errors_last) request.outcome = before;
  }
  request.minute_s = function.watched ? minute() : 0;
  request.began = now_;
  ++function.slice.requests;
  if (function.watched) request.way = &way_of(function, source, number);

  request.admission = function.admission.admit(version.config->version, steady());
  if (request.admission.throttle != model::Throttle::kNone) {
    throttle(function, request, request.admission.throttle);
    return false;
  }
  function.slice.most_in_use = std::max(function.slice.most_in_use, function.admission.in_use());
  const model::FunctionAdmission::Provisioned* provisioned = nullptr;
  if (function.provisioned_configured > 0) {
    provisioned = function.admission.provisioned(version.config->version);
    if (provisioned)
      function.slice.most_provisioned_in_use =
          std::max(function.slice.most_provisioned_in_use, provisioned->in_use);
  }
  if (function.watched) {
    ++request.way->in_use;
    telemetry::FunctionMetrics::Load load;
    load.function_in_use = function.admission.in_use();
    load.account_in_use = account_.in_use();
    load.unreserved_in_use = account_.unreserved_in_use();
    load.claimed = account_.claimed();
    if (provisioned) {
      load.provisioned_in_use = provisioned->in_use;
      load.provisioned_configured = provisioned->configured;
    }
    function.metrics.on_start(*request.way, request.minute_s, load);
  }

  expire(version);
  std::optional<uint32_t> found;
  if (request.admission.capacity == model::Capacity::kProvisioned)
    found = version.provisioned.take();
  if (!found) found = version.on_demand.take();
  if (found) {
    environments_[*found].request = request;
    on(*found, model::EnvironmentEvent::kInvoke);
    ++busy_;
    return true;
  }
  if (!function.admission.may_start_environment(steady())) {
    if (function.watched) --request.way->in_use;
    function.admission.release(version.config->version, request.admission);
    throttle(function, request, function.admission.scaling_throttle());
    return false;
  }
  if (request.counted) ++function.totals.cold_starts;
  ++function.slice.cold_starts;
  const uint32_t made = make_environment(number, model::EnvironmentCause::kInvocation);
  environments_[made].request = request;
  ++busy_;
  start_init(made);
  return true;
}

void Run::throttle(Function& function, const Request& request, model::Throttle reason) {
  ++function.slice.throttles;
  if (request.counted) ++function.totals.throttles[static_cast<size_t>(reason)];
  if (function.watched) function.metrics.on_throttle(*request.way, request.minute_s);
}

void Run::complete(Environment& environment, double duration_ms, Outcome outcome, bool timed_out) {
  const Request& request = environment.request;
  const Version& version = versions_[environment.version];
  Function& function = functions_[version.function];
  const bool provisioned = request.admission.capacity == model::Capacity::kProvisioned;
  const bool error = outcome != Outcome::kSuccess || timed_out;
  --busy_;
  if (function.watched) {
    function.metrics.on_end(*request.way, request.minute_s,
                            {duration_ms, error, provisioned, request.admission.spillover});
    --request.way->in_use;
  }
  function.admission.release(version.config->version, request.admission);
  if (error) ++function.slice.errors;
  if (request.counted) {
    FunctionTotals& totals = function.totals;
    ++totals.invocations;
    if (error) ++totals.errors;
    if (timed_out) ++totals.timeouts;
    if (provisioned) ++totals.on_provisioned;
    if (request.admission.spillover) ++totals.spillovers;
    totals.latency.add(static_cast<double>(now_ - request.began) * 1e-6);
    totals.duration_ms += duration_ms;
    totals.init_ms += environment.init_ms;
    const double busy_s = static_cast<double>(std::min(now_, length_) - request.began) * 1e-9;
    totals.busy_s += busy_s;
    if (environment.provisioned) totals.provisioned_busy_s += busy_s;
    const auto billed = static_cast<double>(cost::billed_ms(duration_ms, environment.init_ms));
    (environment.provisioned ? function.provisioned_billed_ms : function.on_demand_billed_ms) +=
        billed;
  }
  environment.init_ms = 0;
  if (request.event != kNone)
    ended_tries_.emplace_back(
        request.event, error ? model::AsyncOutcome::kFunctionError : model::AsyncOutcome::kSuccess);
}

void Run::end_slice() {
  for (Function& function : functions_) {
    for (uint32_t i = 0; i < function.versions; ++i) expire(versions_[function.first_version + i]);
    Slice& slice = function.slice;
    slice.environments = function.environments;
    slice.provisioned_configured = function.provisioned_configured;
    slice.reserved = function.config.reserved_concurrency.value_or(-1);
    slice.provisioned_ready = 0;
    for (uint32_t i = 0; i < function.versions; ++i)
      if (const Version& version = versions_[function.first_version + i]; version.allocated)
        slice.provisioned_ready += version.allocation.serving();
    function.slices.push_back(slice);
    slice = Slice();
    slice.most_in_use = function.admission.in_use();
  }
}

void Run::finish(RunResult& result) {
  for (Environment& environment : environments_) {
    if (!environment.used) continue;
    Function& function = functions_[versions_[environment.version].function];
    function.totals.environment_s +=
        static_cast<double>(length_ - std::max(environment.started, scenario_.warm_up)) * 1e-9;
  }
  for (Function& function : functions_) {
    FunctionResult out;
    out.name = function.config.name();
    const model::FunctionConfig& config = *function.config.latest;
    cost::Usage& usage = out.usage;
    usage.function = out.name;
    usage.architecture = function.setup.architecture;
    const FunctionTotals& totals = function.totals;
    // An invocation that a limit of the account or the function refuses costs nothing.
    usage[cost::Item::kRequests] = static_cast<double>(totals.invocations);
    usage[cost::Item::kDuration] = cost::gb_seconds(config.memory_mb, function.on_demand_billed_ms);
    usage[cost::Item::kProvisionedDuration] =
        cost::gb_seconds(config.memory_mb, function.provisioned_billed_ms);
    usage[cost::Item::kProvisionedCapacity] = function.provisioned_gb_s;
    usage[cost::Item::kEphemeralStorage] = cost::storage_gb_seconds(
        config.ephemeral_mb, function.on_demand_billed_ms + function.provisioned_billed_ms);
    out.totals = std::move(function.totals);
    out.slices = std::move(function.slices);
    result.functions.push_back(std::move(out));
  }
  control_->finish(result);
  result.slice_s = slice_ / traffic::kSecond;
  result.run_s = static_cast<double>(length_ - scenario_.warm_up) * 1e-9;
  result.counted_s = result.run_s * speed_;
  result.steps = steps_;
}

Result<RunResult> simulate(const Scenario& scenario, const RunOptions& options) {
  const auto length = check(scenario);
  if (!length) return length.error();
  Run run(scenario, options, *length);
  return run.go();
}

}  // namespace kiln::simulate
