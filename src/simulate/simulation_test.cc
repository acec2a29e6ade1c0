// Stories with known times: what Lambda's rules make of them, to the request.
#include "simulate/simulation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/control_story.h"

namespace kiln::simulate {
namespace {

using model::Throttle;
using telemetry::AlarmState;
using testing::HasSubstr;
using traffic::kSecond;
using traffic::TimeModel;
using traffic::Times;
using traffic::Traffic;
using namespace std::chrono_literals;

constexpr Nanos kMinute = 60 * kSecond;

Traffic at_seconds(const std::vector<double>& seconds) {
  Times times;
  for (const double second : seconds) times.at.push_back(static_cast<Nanos>(second * 1e9));
  return Traffic(std::move(times));
}
// `count` requests, `apart` from each other.
Traffic some(int count, Nanos apart, Nanos first = 0) {
  Times times;
  for (int i = 0; i < count; ++i) times.at.push_back(first + i * apart);
  return Traffic(std::move(times));
}

class SimulationTest : public testing::Test {
 protected:
  SimulatedFunction& add(const FunctionShape& shape, const char* duration,
                         const char* init = "0ms") {
    scenario_.functions.push_back(make_function(shape));
    SimulatedFunction& function = scenario_.functions.back();
    function.behaviour.duration = *TimeModel::parse(duration);
    function.behaviour.init = *TimeModel::parse(init);
    return function;
  }
  RunResult run(uint64_t seed = 1) {
    auto result = simulate(scenario_, {.seed = seed});
    EXPECT_TRUE(result.ok()) << result.error().message;
    return std::move(*result);
  }
  FunctionTotals totals(uint64_t seed = 1) { return std::move(run(seed).functions[0].totals); }
  static uint64_t throttles(const FunctionTotals& totals, Throttle reason) {
    return totals.throttles[static_cast<size_t>(reason)];
  }

  Scenario scenario_;
};

TEST_F(SimulationTest, EnvironmentsAreReusedLastUsedFirstAndExpire) {
  // Two at once; then one at a time keeps one environment, and the other grows old.
  std::vector<double> at{0, 0};
  for (double second = 60; second <= 660; second += 60) at.push_back(second);
  // Idle since 660.1 s: 600 s later it is still there, and then, 600.1 s later, it is not.
  at.push_back(1260);
  at.push_back(1860.3);
  add({}, "100ms", "400ms").sources.push_back({at_seconds(at)});
  scenario_.length = 3000 * kSecond;
  const FunctionTotals result = totals();
  EXPECT_EQ(result.requests, 15u);
  EXPECT_EQ(result.invocations, 15u);
  EXPECT_EQ(result.cold_starts, 3u);
  // Lives: 0 to 0.5 + 600; 0 to 1260.1 + 600; 1860.3 to 1860.8 + 600.
  EXPECT_NEAR(result.environment_s, 600.5 + 1860.1 + 600.5, 1e-6);
  EXPECT_NEAR(result.busy_s, 15 * 0.1 + 3 * 0.4, 1e-6);
  EXPECT_NEAR(result.latency.max_ms(), 500, 1e-6);
  EXPECT_NEAR(result.init_ms, 1200, 1e-6);
}

TEST_F(SimulationTest, ReserveTwoSendFiveThreeAreThrottled) {
  add({.reserved = 2}, "1s").sources.push_back({some(5, 1000)});
  const FunctionTotals result = totals();
  EXPECT_EQ(result.invocations, 2u);
  EXPECT_EQ(throttles(result, Throttle::kReservedFunctionConcurrentInvocations), 3u);
  EXPECT_EQ(result.throttled(), 3u);
}

TEST_F(SimulationTest, ProvisionThreeSendFiveTwoSpillOver) {
  SimulatedFunction& function = add({.provisioned = 3}, "1s", "200ms");
  function.sources.push_back({some(5, 1000, 2 * kMinute), "live"});
  const FunctionTotals result = totals();
  EXPECT_EQ(result.on_provisioned, 3u);
  EXPECT_EQ(result.spillovers, 2u);
  EXPECT_EQ(result.cold_starts, 2u);
  EXPECT_EQ(result.invocations, 5u);
}

TEST_F(SimulationTest, NoneOfAnAllocationServesBeforeAllOfItIsReady) {
  scenario_.platform.allocation = {60s, 2, 0};  // two Init phases at a time
  SimulatedFunction& function = add({.provisioned = 3}, "100ms", "1s");
  // Ready after 60 s and two rounds of Init.
  function.sources.push_back({at_seconds({61.9, 62.1}), "live"});
  const RunResult result = run();
  EXPECT_EQ(result.functions[0].totals.on_provisioned, 1u);
  EXPECT_EQ(result.functions[0].totals.spillovers, 1u);
  const auto& slices = result.functions[0].slices;
  ASSERT_EQ(slices.size(), 2u);
  EXPECT_EQ(slices[0].provisioned_configured, 3);
  EXPECT_EQ(slices[0].provisioned_ready, 0);
  EXPECT_EQ(slices[1].provisioned_ready, 3);
}

TEST_F(SimulationTest, ABurstMeetsTheAccountsLimitAndTheScalingRate) {
  add({}, "5s").sources.push_back({some(1500, 0)});
  EXPECT_EQ(throttles(totals(), Throttle::kConcurrentInvocations), 500u);
  scenario_.quota.concurrency = 5000;
  FunctionTotals result = totals();
  EXPECT_EQ(result.cold_starts, 1000u);
  EXPECT_EQ(throttles(result, Throttle::kFunctionInvocationRate), 500u);
  // A second later there are a hundred more.
  scenario_.functions[0].sources = {{some(1000, 0)}, {some(300, 0, kSecond)}};
  result = totals();
  EXPECT_EQ(result.cold_starts, 1100u);
  EXPECT_EQ(throttles(result, Throttle::kFunctionInvocationRate), 200u);
}

TEST_F(SimulationTest, AReserveAllowsTenRequestsASecondForEachUnit) {
  add({.reserved = 2}, "1ms").sources.push_back({some(40, 10'000'000)});  // 100/s for 0.4 s
  const FunctionTotals result = totals();
  // 20 saved up, and one each 50 ms.
  EXPECT_EQ(throttles(result, Throttle::kReservedFunctionInvocationRate), 40 - 20 - 7u);
}

TEST_F(SimulationTest, EventsThatFailAreTriedAgainAfterOneAndTwoMinutes) {
  SimulatedFunction& function = add({}, "100ms");
  function.behaviour.error_rate = 1;
  function.sources.push_back({some(1, 0), "", Source::Type::kAsynchronous});
  scenario_.length = 30 * kMinute;
  RunResult result = run();
  EXPECT_EQ(result.functions[0].totals.events, 1u);
  EXPECT_EQ(result.functions[0].totals.invocations, 3u);
  EXPECT_EQ(result.functions[0].totals.errors, 3u);
  EXPECT_EQ(result.functions[0].totals.events_dropped, 1u);
  const auto& slices = result.functions[0].slices;
  EXPECT_EQ(slices[0].requests, 1u);
  EXPECT_EQ(slices[1].requests, 1u);
  EXPECT_EQ(slices[3].requests, 1u);  // 60.1 s, and then 120.1 s more
  // With 90 s there is time for one more try.
  scenario_.functions[0].config.event_invoke["$LATEST"].maximum_event_age_s = 90;
  EXPECT_EQ(totals().invocations, 2u);
  scenario_.functions[0].config.event_invoke["$LATEST"] = {1, {}, {}, {}, {}};
  EXPECT_EQ(totals().invocations, 2u);
}

TEST_F(SimulationTest, AnEventThatFailsOnceFailsAtEachTryWhereItSaysSoWhateverItsVersion) {
  constexpr size_t kMany = 200;
  for (const bool versions : {false, true}) {
    scenario_.functions.clear();
    SimulatedFunction& function = add({}, "100ms");
    // Each event runs in a version with behaviour of its own, and so do its later tries.
    if (versions) function.of_version["$LATEST"] = {TimeModel::fixed(300), {}, 0, 0};
    Source source{some(kMany, 0), "", Source::Type::kAsynchronous};
    source.error_rate = 0.4;
    source.errors_last = true;
    function.sources.push_back(source);
    scenario_.length = 30 * kMinute;
    const FunctionTotals lasting = totals();
    EXPECT_GT(lasting.events_dropped, kMany / 5);
    EXPECT_EQ(lasting.events_succeeded + lasting.events_dropped, kMany);
    EXPECT_EQ(lasting.errors, 3 * lasting.events_dropped);
    EXPECT_EQ(lasting.invocations, kMany + 2 * lasting.events_dropped);
    EXPECT_NEAR(lasting.duration_ms,
                (versions ? 300.0 : 100.0) * static_cast<double>(lasting.invocations), 1);
    // Where it is the time's fault, most events come through in the end.
    scenario_.functions[0].sources[0].errors_last = false;
    const FunctionTotals passing = totals();
    EXPECT_LT(passing.events_dropped, lasting.events_dropped / 2);
    EXPECT_EQ(passing.errors, passing.invocations - passing.events_succeeded);
  }
}

TEST_F(SimulationTest, ThrottledEventsWaitLongerAndLonger) {
  // One at a time: the second event is refused for 100 s and tried after 1, 3, 7, … seconds, or
  // down to half of each wait.
  SimulatedFunction& function = add({.timeout_s = 900, .reserved = 1}, "100s");
  function.sources.push_back({some(2, 0), "", Source::Type::kAsynchronous});
  scenario_.length = 30 * kMinute;
  const FunctionTotals result = totals();
  EXPECT_EQ(result.events_succeeded, 2u);
  // At 0, 1, 3, 7, 15, 31, 63 s at the latest, so that the one at 127 s runs, or at half of that.
  EXPECT_GE(result.throttled(), 7u);
  EXPECT_LE(result.throttled(), 8u);
  EXPECT_GE(result.event_age_ms, 0.5 * 1000 * (1 + 3 + 7 + 15 + 31 + 63 + 127));
  EXPECT_LE(result.event_age_ms, 1.0 * 1000 * (1 + 3 + 7 + 15 + 31 + 63 + 127 + 128));
}

TEST_F(SimulationTest, ATimeOutIsAnErrorAndEndsTheEnvironment) {
  SimulatedFunction& function = add({.memory_mb = 1024, .timeout_s = 3}, "5s", "500ms");
  function.sources.push_back({at_seconds({0, 10})});
  const RunResult result = run();
  const FunctionTotals& t = result.functions[0].totals;
  EXPECT_EQ(t.timeouts, 2u);
  EXPECT_EQ(t.errors, 2u);
  EXPECT_EQ(t.cold_starts, 2u);
  EXPECT_NEAR(t.latency.max_ms(), 3500, 1e-6);
  EXPECT_DOUBLE_EQ(result.functions[0].usage[cost::Item::kDuration], 7.0);  // 2 × 3.5 s × 1 GB
}

TEST_F(SimulationTest, ACrashEndsTheEnvironmentAnErrorDoesNot) {
  SimulatedFunction& function = add({}, "1s");
  function.sources.push_back({some(4, 10 * kSecond)});
  function.behaviour.error_rate = 1;
  EXPECT_EQ(totals().cold_starts, 1u);
  function.behaviour.error_rate = 0;
  function.behaviour.crash_rate = 1;
  EXPECT_EQ(totals().cold_starts, 4u);
  EXPECT_EQ(totals().errors, 4u);
}

TEST_F(SimulationTest, AnInitBeyondTenSecondsIsRunAgainWithinTheInvocation) {
  SimulatedFunction& function = add({.memory_mb = 1024, .timeout_s = 30}, "1s", "12s");
  function.sources.push_back({some(1, 0)});
  RunResult result = run();
  EXPECT_EQ(result.functions[0].totals.errors, 0u);
  EXPECT_NEAR(result.functions[0].totals.latency.max_ms(), 10'000 + 12'000 + 1000, 1e-6);
  EXPECT_DOUBLE_EQ(result.functions[0].usage[cost::Item::kDuration], 13);  // Duration alone
  function.config.latest = make_function({.memory_mb = 1024, .timeout_s = 5}).config.latest;
  result = run();
  EXPECT_EQ(result.functions[0].totals.timeouts, 1u);
  EXPECT_NEAR(result.functions[0].totals.latency.max_ms(), 15'000, 1e-6);
}

TEST_F(SimulationTest, AWeightedAliasDividesItsCalls) {
  SimulatedFunction& function = add({}, "10ms");
  for (const int number : {1, 2}) {
    auto version = std::make_shared<model::FunctionConfig>(*function.config.latest);
    version->version = std::to_string(number);
    function.config.versions[number] = version;
  }
  function.config.aliases["live"] = {"live", "1", {{"2", 0.1}}, {}, {}};
  function.of_version["2"] = {TimeModel::fixed(1000), {}, 1, 0};
  function.sources.push_back({Traffic::poisson(10), "live"});
  scenario_.length = 10'000 * kSecond;
  const FunctionTotals result = totals();
  const auto calls = static_cast<double>(result.invocations);
  EXPECT_NEAR(static_cast<double>(result.errors) / calls, 0.1, 0.005);
  EXPECT_NEAR(result.duration_ms / calls, 0.9 * 10 + 0.1 * 1000, 5);
}

TEST_F(SimulationTest, TheErrorStoryIsTheEngines) {
  SimulatedFunction& function = add({.name = "f"}, "1ms");
  Times good, bad;
  for (size_t i = 0; i < kErrorStory.size(); ++i) {
    const Nanos start = static_cast<Nanos>(i) * kMinute;
    for (int k = 0; k < kErrorStory[i].good; ++k) good.at.push_back(start + k * (kSecond / 10));
    for (int k = 0; k < kErrorStory[i].bad; ++k) bad.at.push_back(start + k * (kSecond / 10));
  }
  function.sources.push_back({Traffic(good)});
  function.sources.push_back({Traffic(bad), "", Source::Type::kSynchronous, 1.0});
  scenario_.alarms.push_back(error_rate_alarm(scenario_.region));
  scenario_.length = static_cast<Nanos>(kErrorStory.size()) * kMinute + kSecond;
  const RunResult result = run();
  size_t next = 0;
  for (size_t i = 0; i < kErrorStory.size(); ++i) {
    if (!kErrorStory[i].told) continue;
    ASSERT_LT(next, result.alarm_changes.size());
    const AlarmChange& change = result.alarm_changes[next++];
    EXPECT_EQ(change.to, kErrorStory[i].state) << i;
    EXPECT_EQ(change.at, scenario_.start + std::chrono::minutes(i + 1));
  }
  EXPECT_EQ(next, result.alarm_changes.size());
  EXPECT_EQ(result.alarm_metrics, 2);
}

class ScalingSimulation : public SimulationTest {
 protected:
  ScalingSimulation() {
    scenario_.platform = Platform::kiln();
    scaling::TargetInput target;
    target.resource = kLive;
    target.min = 1;
    target.max = 40;
    scenario_.targets.push_back(target);
  }
  // So many environments busy all the time: a request each second for each, a second long.
  void busy(int environments, Nanos from, Nanos until, Nanos apart = 1000) {
    Times times;
    for (Nanos at = from; at < until; at += kSecond)
      for (int i = 0; i < environments; ++i) times.at.push_back(at + i * apart);
    scenario_.functions[0].sources.push_back({Traffic(std::move(times)), "live"});
  }
  void track(double target) {
    scaling::TrackingPolicy rule;
    rule.target = target;
    scenario_.policies.push_back({{kLive, "keep", rule}});
  }
  static std::vector<int> configured(const RunResult& result) {
    std::vector<int> units;
    for (const Slice& slice : result.functions[0].slices)
      units.push_back(slice.provisioned_configured);
    return units;
  }

  const scaling::ResourceId kLive{"f", "live"};
};

// The story of scaling/scaling_story_test.cc, now with requests: ten environments are always busy.
TEST_F(ScalingSimulation, TargetTrackingFollowsTheLoadAndComesDownAfterFifteenMinutes) {
  add({.name = "f", .provisioned = 10}, "999ms");
  track(0.7);
  busy(10, 0, 30 * kMinute, kSecond / 10);
  busy(3, 200 * kMinute, 260 * kMinute, kSecond / 3);
  scenario_.length = 261 * kMinute;
  const auto units = configured(run());
  EXPECT_EQ(units[1], 10);    // two points are not three
  EXPECT_EQ(units[2], 10);    // the third is complete when the minute is over
  EXPECT_EQ(units[3], 15);    // 10 / 0.7 and up
  EXPECT_EQ(units[199], 15);  // without invocations there is no metric, and the capacity stays
  EXPECT_EQ(units[214], 15);
  EXPECT_EQ(units[215], 5);  // fifteen points below 63 %
  EXPECT_EQ(units[259], 5);  // 3 of 5 is 60 %, but 3 of 4 would be too much
}

TEST_F(ScalingSimulation, TheAverageOfSamplesUnderestimatesAFullProvisionedConcurrency) {
  // Ten requests that come together see 1 to 10 in use: 0.55 on average, though all ten are needed.
  // A target of 0.7 never scales out; one that follows the maximum does.
  add({.name = "f", .provisioned = 10}, "999ms");
  track(0.7);
  busy(12, 0, 10 * kMinute);
  scenario_.length = 10 * kMinute;
  const RunResult average = run();
  EXPECT_EQ(configured(average).back(), 10);
  EXPECT_GT(average.functions[0].totals.spillovers, 0u);

  scaling::TrackingPolicy rule;
  rule.target = 0.7;
  rule.custom.emplace();
  rule.custom->metric.emplace();
  rule.custom->metric->metric = {scenario_.region,
                                 "AWS/Lambda",
                                 "ProvisionedConcurrencyUtilization",
                                 {{"FunctionName", "f"}, {"Resource", "f:live"}}};
  rule.custom->metric->stat = "Maximum";
  scenario_.policies[0].input.rule = rule;
  const RunResult maximum = run();
  EXPECT_EQ(configured(maximum)[3], 15);  // 10 / 0.7 and up
  EXPECT_GE(configured(maximum).back(), 15);
}

TEST_F(ScalingSimulation, StepsFollowTheUsersAlarm) {
  add({.name = "f", .provisioned = 5}, "10ms");
  scaling::StepPolicy steps;
  steps.steps = {{0, 60, 2}, {60, {}, 5}};
  steps.cooldown_s = 0;
  scenario_.policies.push_back({{kLive, "steps", steps}, "arn:mine"});
  telemetry::AlarmConfig alarm;
  alarm.name = "busy";
  alarm.metric.emplace();
  alarm.metric->metric = {scenario_.region, "AWS/Lambda", "Invocations", {{"FunctionName", "f"}}};
  alarm.metric->stat = "Sum";
  alarm.comparison = telemetry::Comparison::kGreaterThanOrEqual;
  alarm.threshold = 60;
  alarm.actions.alarm = {"arn:mine"};
  scenario_.alarms.push_back(alarm);
  busy(1, 0, 2 * kMinute);            // 60 a minute
  busy(2, 2 * kMinute, 3 * kMinute);  // 120
  scenario_.length = 5 * kMinute;
  const RunResult result = run();
  // The alarm acts each minute while it is in ALARM; without data the last point counts on.
  const auto units = configured(result);
  EXPECT_EQ(units[0], 5);
  EXPECT_EQ(units[1], 7);
  EXPECT_EQ(units[2], 9);
  EXPECT_EQ(units[3], 14);
  EXPECT_EQ(result.activities.front().cause,
            "monitor alarm busy in state ALARM triggered policy steps");
}

TEST_F(ScalingSimulation, SchedulesChangeTheLimits) {
  add({.name = "f", .provisioned = 5}, "10ms");
  scaling::ActionInput action;
  action.resource = kLive;
  action.name = "morning";
  action.schedule = "cron(30 0 * * ? *)";
  action.limits = scaling::ActionInput::Limits{20, {}};
  scenario_.actions.push_back(action);
  scenario_.length = 60 * kMinute;
  const RunResult result = run();
  const auto units = configured(result);
  EXPECT_EQ(units[29], 5);
  EXPECT_EQ(units[30], 20);
  EXPECT_EQ(result.activities.back().description, "Setting desired concurrency to 20.");
}

TEST_F(ScalingSimulation, WhatTheReserveRefusesIsAFailedActivity) {
  add({.name = "f", .reserved = 12, .provisioned = 10}, "999ms");
  scenario_.targets[0].min = 20;
  scenario_.length = kMinute;
  const RunResult result = run();
  ASSERT_EQ(result.activities.size(), 1u);
  EXPECT_THAT(result.activities[0].status_message, HasSubstr("reservedConcurrentExecution"));
}

TEST_F(ScalingSimulation, AFasterClockMovesMinutesNotInvocations) {
  add({.name = "f", .provisioned = 5}, "10ms");
  scaling::ActionInput action;
  action.resource = kLive;
  action.name = "morning";
  action.schedule = "cron(30 0 * * ? *)";
  action.limits = scaling::ActionInput::Limits{20, {}};
  scenario_.actions.push_back(action);
  scenario_.platform.speed = 60;
  busy(1, 0, 60 * kSecond);
  scenario_.length = 60 * kSecond;  // an hour of minutes
  const RunResult result = run();
  ASSERT_EQ(result.functions[0].slices.size(), 60u);
  EXPECT_EQ(result.functions[0].slices[30].requests, 1u);
  EXPECT_EQ(configured(result)[29], 5);
  EXPECT_EQ(configured(result)[30], 20);
  EXPECT_DOUBLE_EQ(result.counted_s, 3600);
}

TEST_F(SimulationTest, WhatIsBilledIsWorkedOutByHand) {
  SimulatedFunction& function =
      add({.memory_mb = 512, .ephemeral_mb = 1536, .provisioned = 10}, "99.2ms", "900ms");
  function.sources.push_back({some(1000, 300'000'000, 2 * kMinute), "live"});
  scenario_.platform.allocation = {0s, 100, 0};
  scenario_.changes.push_back({7 * kMinute, "function", Change::Provision{"live", 0}});
  scenario_.length = 20 * kMinute;
  const RunResult result = run();
  const cost::Usage& usage = result.functions[0].usage;
  EXPECT_DOUBLE_EQ(usage[cost::Item::kRequests], 1000);
  // 1,000 × 100 ms and ten Init phases of 900 ms, at half a GB.
  EXPECT_DOUBLE_EQ(usage[cost::Item::kProvisionedDuration], 0.5 * (100 + 9));
  EXPECT_DOUBLE_EQ(usage[cost::Item::kDuration], 0);
  // Seven minutes are ten begun ones.
  EXPECT_DOUBLE_EQ(usage[cost::Item::kProvisionedCapacity], 0.5 * 10 * 600);
  EXPECT_DOUBLE_EQ(usage[cost::Item::kEphemeralStorage], 1.0 * (100 + 9));
}

TEST_F(SimulationTest, OtherSettingsMeetTheSameRequests) {
  add({}, "exponential:300ms", "1s").sources.push_back({Traffic::poisson(20)});
  scenario_.length = 1000 * kSecond;
  const FunctionTotals free = totals(5), again = totals(5), other = totals(6);
  EXPECT_EQ(free.requests, again.requests);
  EXPECT_EQ(free.duration_ms, again.duration_ms);
  EXPECT_NE(free.requests, other.requests);
  scenario_.functions[0].config.reserved_concurrency = 900;
  const FunctionTotals reserved = totals(5);
  EXPECT_EQ(reserved.requests, free.requests);
  EXPECT_EQ(reserved.duration_ms, free.duration_ms);
}

TEST_F(SimulationTest, WarmUpIsNotCounted) {
  add({}, "100ms", "1s").sources.push_back({some(100, kSecond)});
  scenario_.warm_up = 50 * kSecond;
  const FunctionTotals result = totals();
  EXPECT_EQ(result.requests, 50u);
  EXPECT_EQ(result.cold_starts, 0u);
  EXPECT_NEAR(result.environment_s, 2 * 49, 0.1);  // the second request came within the first Init
}

TEST_F(SimulationTest, WhatCannotBeIsRefusedByName) {
  const auto problem = [&] {
    const auto checked = check(scenario_);
    EXPECT_FALSE(checked.ok());
    return checked.ok() ? "" : checked.error().message;
  };
  EXPECT_THAT(problem(), HasSubstr("no function"));
  add({.name = "f"}, "1ms");
  EXPECT_THAT(problem(), HasSubstr("nothing to simulate"));
  scenario_.functions[0].sources.push_back({Traffic::poisson(1)});
  EXPECT_THAT(problem(), HasSubstr("say how long"));
  scenario_.length = kMinute;
  EXPECT_TRUE(check(scenario_).ok());
  scenario_.functions[0].sources[0].qualifier = "live";
  EXPECT_THAT(problem(), HasSubstr("no version or alias 'live'"));
  scenario_.functions[0].sources[0].qualifier = "";
  scenario_.functions[0].behaviour.error_rate = 1.5;
  EXPECT_THAT(problem(), HasSubstr("from 0 to 1"));
  scenario_.functions[0] = make_function({.name = "f", .memory_mb = 64});
  EXPECT_THAT(problem(), HasSubstr("f has 64 MB"));
  scenario_.functions[0] = make_function({.name = "f", .reserved = 901});
  EXPECT_THAT(problem(), HasSubstr("901 together"));
  scenario_.functions[0] = make_function({.name = "f", .reserved = 5, .provisioned = 6});
  EXPECT_THAT(problem(), HasSubstr("greater than the reservedConcurrentExecution"));
  scenario_.functions[0] = make_function({.name = "f"});
  telemetry::AlarmConfig alarm;
  alarm.name = "cpu";
  alarm.metric.emplace();
  alarm.metric->metric = {"us-east-1", "AWS/EC2", "CPUUtilization", {}};
  scenario_.alarms = {alarm};
  EXPECT_THAT(problem(), HasSubstr("the alarm cpu watches AWS/EC2 CPUUtilization"));
  scenario_.alarms[0].metric->metric = {
      "us-east-1", "AWS/Lambda", "Errors", {{"FunctionName", "g"}}};
  EXPECT_THAT(problem(), HasSubstr("watches the function g"));
  scenario_.alarms.clear();
  scenario_.warm_up = kMinute;
  EXPECT_THAT(problem(), HasSubstr("warm-up"));
}

}  // namespace
}  // namespace kiln::simulate
