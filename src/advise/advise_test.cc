#include "advise/advise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/prices.h"

namespace kiln::advise {
namespace {

using simulate::make_function;
using simulate::Scenario;
using testing::HasSubstr;
using traffic::kSecond;
using namespace std::chrono_literals;

const WallTime kStart{std::chrono::seconds(1'767'571'200)};  // 2026-01-05T00:00:00Z

// What the engine would have reported of a simulated truth: its traffic, and who was throttled.
class AdviseTest : public testing::Test {
 protected:
  AdviseTest() {
    options_.seeds = 3;
    options_.costing.prices = &prices_;
  }

  // `per_minute` requests come at random in each minute.
  void observe(Scenario scenario, const std::vector<int>& per_minute, const char* duration,
               const char* init) {
    scenario.start = kStart;
    auto& function = scenario.functions[0];
    function.behaviour.duration = *traffic::TimeModel::parse(duration);
    function.behaviour.init = *traffic::TimeModel::parse(init);
    traffic::Counts counts;
    for (const int requests : per_minute)
      counts.requests.push_back(static_cast<uint32_t>(requests));
    const std::string qualifier = function.config.aliases.contains("live") ? "live" : "";
    function.sources = {{traffic::Traffic(counts), qualifier}};
    const auto truth = simulate::simulate(scenario, {.seed = 77, .slices = 1'000'000});
    ASSERT_TRUE(truth.ok()) << truth.error().message;
    observed_.qualifier = qualifier;
    observed_.from = kStart;
    observed_.until = kStart + std::chrono::minutes(per_minute.size());
    traffic::Random random(5);
    const auto& slices = truth->functions[0].slices;
    for (size_t i = 0; i < per_minute.size(); ++i) {
      const simulate::Slice& slice = slices[i];
      if (slice.requests == 0) continue;
      const WallTime minute = kStart + std::chrono::minutes(i);
      observed_.minutes.push_back({minute, static_cast<double>(slice.requests - slice.throttles),
                                   static_cast<double>(slice.throttles),
                                   static_cast<double>(slice.errors), 0,
                                   static_cast<double>(slice.most_in_use)});
      for (uint32_t k = 0; k < slice.requests - slice.throttles; ++k) {
        Report report;
        report.duration_ms = function.behaviour.duration.draw_ms(random);
        if (report.duration_ms > function.config.latest->timeout_s * 1000.0) {
          report.duration_ms = function.config.latest->timeout_s * 1000.0;
          report.timed_out = true;
        }
        if (k < slice.cold_starts) report.init_ms = function.behaviour.init.draw_ms(random);
        report.memory_mb = function.config.latest->memory_mb;
        report.used_memory_mb = used_memory_mb_;
        report.at = minute + std::chrono::duration_cast<WallTime::duration>(
                                 Duration(static_cast<int64_t>(random.unit() * 60e9)));
        observed_.reports.push_back(report);
      }
    }
    scenario_ = scenario;
    ASSERT_TRUE(set_observed(scenario_.functions[0], observed_).ok());
    scenario_.start = span_of(observed_)->start;
    scenario_.length = span_of(observed_)->length;
  }
  std::vector<Advice> advice() {
    auto result = advise(scenario_, 0, observed_, goals_, options_);
    EXPECT_TRUE(result.ok()) << result.error().message;
    return result ? std::move(*result) : std::vector<Advice>();
  }
  template <class Kind>
  static const Advice* find(const std::vector<Advice>& all) {
    const auto found = std::find_if(all.begin(), all.end(), [](const Advice& advice) {
      return std::holds_alternative<Kind>(advice.setting);
    });
    return found == all.end() ? nullptr : &*found;
  }
  static Scenario one(const simulate::FunctionShape& shape) {
    Scenario scenario;
    scenario.functions.push_back(make_function(shape));
    scenario.platform = simulate::Platform::kiln();
    return scenario;
  }

  cost::Prices prices_ = tests::virginia_prices();
  simulate::StudyOptions options_;
  Observed observed_;
  Scenario scenario_;
  Goals goals_;
  int used_memory_mb_ = 60;
};

TEST_F(AdviseTest, AReserveThatThrottlesIsRaisedAsFarAsNeeded) {
  observe(one({.name = "f", .memory_mb = 512, .timeout_s = 10, .reserved = 4}),
          std::vector<int>(120, 600), "gamma:500ms,shape=4", "300ms");  // 5 on average
  EXPECT_GT(observed_.throttles() / (observed_.throttles() + observed_.invocations()), 0.2);
  const auto all = advice();
  const Advice* reserve = find<SetReserved>(all);
  ASSERT_TRUE(reserve);
  const int units = *std::get<SetReserved>(reserve->setting).units;
  EXPECT_GE(units, 12);
  EXPECT_LE(units, 30);
  EXPECT_NEAR(reserve->now.throttle_share.mean,
              observed_.throttles() / (observed_.throttles() + observed_.invocations()), 0.1);
  EXPECT_LE(reserve->then.throttle_share.mean, 0.001);
  EXPECT_THAT(reserve->simple_rule, HasSubstr("concurrency_controller suggest 6 (Throttling"));
  EXPECT_THAT(reserve->simple_rule, HasSubstr("would be throttled"));
  EXPECT_EQ(reserve->confidence, Confidence::kLow);  // two hours
}

TEST_F(AdviseTest, AReserveFarAboveWhatIsUsedIsGivenBack) {
  observe(one({.name = "f", .timeout_s = 10, .reserved = 500}), std::vector<int>(120, 60), "200ms",
          "300ms");
  const auto all = advice();
  const Advice* reserve = find<SetReserved>(all);
  ASSERT_TRUE(reserve);
  EXPECT_LT(*std::get<SetReserved>(reserve->setting).units, 20);
  EXPECT_EQ(reserve->then.throttle_share.mean, 0);
  EXPECT_THAT(reserve->trap, HasSubstr("protects"));
}

TEST_F(AdviseTest, AReserveThatFitsIsLeft) {
  observe(one({.name = "f", .timeout_s = 10, .reserved = 10}), std::vector<int>(120, 300), "500ms",
          "300ms");
  EXPECT_FALSE(find<SetReserved>(advice()));
}

TEST_F(AdviseTest, ColdStartsAreProvisionedFor) {
  Scenario scenario = one({.name = "f", .memory_mb = 512, .timeout_s = 10, .provisioned = 1});
  scenario.functions[0].config.provisioned.clear();
  scenario.platform.idle_lifetime = 60s;  // so that a steady load has cold starts
  observe(scenario, std::vector<int>(120, 60), "exponential:2s", "3s");
  const auto all = advice();
  const Advice* provisioned = find<SetProvisioned>(all);
  ASSERT_TRUE(provisioned);
  EXPECT_GT(provisioned->now.cold_share.mean, goals_.cold_share);
  EXPECT_LE(provisioned->then.cold_share.mean, goals_.cold_share);
  EXPECT_GT(provisioned->then.monthly_cost.mean, provisioned->now.monthly_cost.mean);
  // One less does not keep the goal.
  const auto& setting = std::get<SetProvisioned>(provisioned->setting);
  Scenario fewer = scenario_;
  fewer.functions[0].config.provisioned["live"] = {setting.units - 1, {}};
  if (setting.units == 1) fewer.functions[0].config.provisioned.clear();
  const auto study = simulate::study(fewer, options_);
  EXPECT_GT(study->summary.of(0, simulate::Figure::kColdShare).mean, goals_.cold_share);
  EXPECT_THAT(commands(provisioned->setting, {"f", "us-east-1"}, "aws")[0],
              HasSubstr("put-provisioned-concurrency-config --function-name f --qualifier live"));
}

TEST_F(AdviseTest, IdleProvisionedConcurrencyIsTakenAway) {
  observe(one({.name = "f", .memory_mb = 512, .timeout_s = 10, .provisioned = 50}),
          std::vector<int>(240, 120), "300ms", "400ms");
  const auto all = advice();
  const Advice* provisioned = find<SetProvisioned>(all);
  ASSERT_TRUE(provisioned);
  EXPECT_LT(std::get<SetProvisioned>(provisioned->setting).units, 10);
  EXPECT_LT(provisioned->then.monthly_cost.mean, 0.5 * provisioned->now.monthly_cost.mean);
  EXPECT_LE(provisioned->then.cold_share.mean, goals_.cold_share);
}

TEST_F(AdviseTest, TheAverageThatUnderProvisionsIsShown) {
  Scenario scenario = one({.name = "f", .memory_mb = 512, .timeout_s = 3, .provisioned = 2});
  scenario.platform.idle_lifetime = 20s;
  scenario.targets.emplace_back();
  scenario.targets[0].resource = {"f", "live"};
  scenario.targets[0].min = 2;
  scenario.targets[0].max = 40;
  scaling::TrackingPolicy average;
  average.target = 0.7;
  scenario.policies.push_back({{scenario.targets[0].resource, "mine", average}});
  // For two hours, each half minute a burst in which much capacity is needed, and little besides;
  // then ten hours with little.
  scenario.start = kStart;
  auto& function = scenario.functions[0];
  function.behaviour.duration = traffic::TimeModel::fixed(500);
  function.behaviour.init = traffic::TimeModel::fixed(2000);
  traffic::Times times;
  for (traffic::Nanos second = 0; second < 12 * 3600; ++second) {
    times.at.push_back(second * kSecond);
    if (second >= 2 * 3600 || second % 30 != 0) continue;
    for (int i = 1; i < 20; ++i) times.at.push_back(second * kSecond + i);
  }
  function.sources = {{traffic::Traffic(std::move(times)), "live"}};
  scenario.length = 12 * 3600 * kSecond;
  scenario_ = scenario;
  observed_.qualifier = "live";
  for (int i = 0; i < 720; ++i)
    observed_.minutes.push_back({kStart + std::chrono::minutes(i), 60, 0, 0, 0, 20});
  Report report;
  report.at = kStart;
  report.duration_ms = 500;
  report.memory_mb = 512;
  report.used_memory_mb = 60;
  observed_.reports.assign(1000, report);
  const auto all = advice();
  const Advice* tracking = find<SetTracking>(all);
  ASSERT_TRUE(tracking);
  EXPECT_EQ(std::get<SetTracking>(tracking->setting).statistic, "Maximum");
  EXPECT_GT(tracking->now.cold_share.mean, goals_.cold_share);
  EXPECT_LE(tracking->then.cold_share.mean, goals_.cold_share);
  EXPECT_THAT(tracking->trap, HasSubstr("the average of the samples"));
  EXPECT_THAT(tracking->trap, HasSubstr("A policy on the Maximum of the same metric sees them"));
}

TEST_F(AdviseTest, ATimeoutThatEndsInvocationsIsRaised) {
  observe(one({.name = "f", .memory_mb = 512, .timeout_s = 2}), std::vector<int>(120, 60),
          "lognormal:1s,sigma=0.5", "100ms");
  const auto all = advice();
  const Advice* timeout = find<SetTimeout>(all);
  ASSERT_TRUE(timeout);
  EXPECT_THAT(timeout->reason, HasSubstr("were ended after 2 s"));
  // The 99.95th percentile of the truth is 5.2 s.
  EXPECT_NEAR(std::get<SetTimeout>(timeout->setting).seconds, 6, 1);
  EXPECT_NEAR(timeout->then.p99_ms.mean, 3200, 400);
}

TEST_F(AdviseTest, ATimeoutFarBeyondAnyInvocationIsLowered) {
  observe(one({.name = "f", .memory_mb = 512, .timeout_s = 900}), std::vector<int>(60, 60),
          "exponential:100ms", "100ms");
  const auto all = advice();
  const Advice* timeout = find<SetTimeout>(all);
  ASSERT_TRUE(timeout);
  EXPECT_LE(std::get<SetTimeout>(timeout->setting).seconds, 10);
}

TEST_F(AdviseTest, MemoryFollowsWhatTuneMeasured) {
  Scenario scenario = one({.name = "f", .memory_mb = 128, .timeout_s = 60});
  simulate::Behaviour faster;
  faster.duration = traffic::TimeModel::fixed(100);
  scenario.functions[0].of_memory[256] = faster;
  simulate::Behaviour hardly;
  hardly.duration = traffic::TimeModel::fixed(95);
  scenario.functions[0].of_memory[512] = hardly;
  observe(scenario, std::vector<int>(60, 60), "800ms", "100ms");
  const auto all = advice();
  const Advice* memory = find<SetMemory>(all);
  ASSERT_TRUE(memory);
  EXPECT_EQ(std::get<SetMemory>(memory->setting).memory_mb, 256);
  EXPECT_LT(memory->then.monthly_cost.mean, 0.4 * memory->now.monthly_cost.mean);
}

// One of 26 was slow: that is its 99th percentile, and says nothing of the memory.
TEST_F(AdviseTest, OnePauseOfTheMachineDoesNotSpeakAgainstASmallerSize) {
  for (const int slow_ones : {1, 8}) {
    Scenario scenario = one({.name = "f", .memory_mb = 512, .timeout_s = 60});
    std::vector<float> times(26 - static_cast<size_t>(slow_ones), 100);
    times.resize(26, 200);
    simulate::Behaviour small;
    small.duration = traffic::TimeModel::samples(times);
    scenario.functions[0].of_memory[256] = small;
    observe(scenario, std::vector<int>(60, 60), "100ms", "100ms");
    for (const float time : times) {
      Report report;
      report.memory_mb = 256;
      report.duration_ms = time;
      observed_.reports.push_back(report);
    }
    EXPECT_EQ(find<SetMemory>(advice()) != nullptr, slow_ones == 1) << slow_ones;
  }
}

TEST_F(AdviseTest, NearlyFullMemoryIsRaised) {
  used_memory_mb_ = 120;
  observe(one({.name = "f", .memory_mb = 128, .timeout_s = 5}), std::vector<int>(60, 60), "1s",
          "100ms");
  const auto all = advice();
  const Advice* memory = find<SetMemory>(all);
  ASSERT_TRUE(memory);
  EXPECT_EQ(std::get<SetMemory>(memory->setting).memory_mb, 192);
  EXPECT_FALSE(memory->simulated);
}

TEST_F(AdviseTest, IdleHoursWithProvisionedConcurrencyAreTold) {
  std::vector<int> minutes(600, 0);
  for (int i = 0; i < 120; ++i) minutes[static_cast<size_t>(i)] = 300;
  minutes.back() = 1;
  goals_.cold_share = 0.0001;
  observe(one({.name = "f", .memory_mb = 512, .timeout_s = 10, .provisioned = 10}), minutes, "1s",
          "1s");
  const auto all = advice();
  const Advice* alarm = find<SetIdleAlarm>(all);
  ASSERT_TRUE(alarm);
  EXPECT_THAT(commands(alarm->setting, {"f", "us-east-1"}, "aws")[0],
              HasSubstr("--treat-missing-data breaching"));
  EXPECT_THAT(alarm->reason, HasSubstr("INSUFFICIENT_DATA"));
}

TEST_F(AdviseTest, AWellSetFunctionIsLeftAlone) {
  Scenario scenario = one({.name = "f", .memory_mb = 512, .timeout_s = 5});
  observe(scenario, std::vector<int>(240, 300), "gamma:600ms,shape=4", "300ms");
  for (const Advice& advice : advice()) ADD_FAILURE() << advice.title;
}

TEST_F(AdviseTest, WithoutRequestsThereIsNothingToGoBy) {
  Observed nothing;
  auto function = make_function({.name = "f"});
  const auto set = set_observed(function, nothing);
  ASSERT_FALSE(set.ok());
  EXPECT_THAT(set.error().message, HasSubstr("nothing called the function"));
  nothing.minutes.push_back({kStart, 5, 0, 0, 0, 1});
  EXPECT_THAT(set_observed(function, nothing).error().message, HasSubstr("no REPORT lines"));
}

TEST(Facts, RequestsComeWhenReportsSayAndThrottledOnesBesideThem) {
  Observed observed;
  observed.minutes = {{kStart, 2, 3, 0, 0, 2}, {kStart + 1min, 1, 0, 0, 0, 1}};
  for (const auto at : {10s, 20s, 70s}) {
    Report report;
    report.at = kStart + at;
    report.duration_ms = 1000;
    if (at == 10s) report.init_ms = 500;
    observed.reports.push_back(report);
  }
  auto function = make_function({.name = "f"});
  ASSERT_TRUE(set_observed(function, observed).ok());
  const auto& at = std::get<traffic::Times>(function.sources[0].traffic.shape()).at;
  ASSERT_EQ(at.size(), 6u);
  EXPECT_EQ(at[0], 8'500'000'000);
  EXPECT_EQ(at.back(), 69 * kSecond);
  for (const traffic::Nanos each : at)
    EXPECT_TRUE(each == 8'500'000'000 || each == 19 * kSecond || each == 69 * kSecond) << each;
}

TEST(Facts, WithFewReportsMinutesCount) {
  Observed observed;
  observed.minutes = {{kStart, 200, 10, 0, 0, 2}, {kStart + 2min, 100, 0, 0, 0, 1}};
  Report report;
  report.at = kStart;
  report.duration_ms = 1000;
  observed.reports.assign(50, report);
  auto function = make_function({.name = "f"});
  ASSERT_TRUE(set_observed(function, observed).ok());
  const auto& counts = std::get<traffic::Counts>(function.sources[0].traffic.shape());
  EXPECT_EQ(counts.requests[0], 210u);
  EXPECT_EQ(counts.requests[1], 0u);
  EXPECT_EQ(counts.requests[2], 100u);
  // Events, with their tries, count as they were accepted.
  for (auto& minute : observed.minutes) minute.events = 90;
  ASSERT_TRUE(set_observed(function, observed).ok());
  EXPECT_EQ(function.sources[0].type, simulate::Source::Type::kAsynchronous);
}

TEST(AdviceText, CommandsAndPatchesSayTheSame) {
  const Where where{"orders", "us-east-1"};
  EXPECT_EQ(commands(SetReserved{40}, where, "kiln aws")[0],
            "kiln aws lambda put-function-concurrency --function-name orders "
            "--reserved-concurrent-executions 40");
  EXPECT_EQ(template_patch(SetReserved{40}, where), "ReservedConcurrentExecutions: 40\n");
  EXPECT_EQ(commands(SetProvisioned{"live", 0}, where, "aws")[0],
            "aws lambda delete-provisioned-concurrency-config --function-name orders --qualifier "
            "live");
  const SetTracking tracking{"live", "keep", 2, 20, 0.7, "Maximum"};
  ASSERT_EQ(commands(tracking, where, "aws").size(), 3u);
  EXPECT_THAT(commands(tracking, where, "aws")[2], HasSubstr(R"("Statistic": "Maximum")"));
  EXPECT_THAT(template_patch(tracking, where), HasSubstr("Statistic: Maximum"));
  const SetTracking average{"live", "keep", 2, 20, 0.7, "Average"};
  EXPECT_THAT(commands(average, where, "aws")[2],
              HasSubstr(R"("PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization")"));
  const SetSchedule schedule{"live", 2, 20, {{"morning", "cron(0 8 * * ? *)", 10, 20}}};
  EXPECT_THAT(commands(schedule, where, "aws")[2], HasSubstr("--schedule 'cron(0 8 * * ? *)'"));
  EXPECT_THAT(template_patch(schedule, where), HasSubstr("ScheduledActions:"));
  EXPECT_EQ(template_patch(SetTimeout{7}, where), "Timeout: 7\n");
  EXPECT_EQ(kind_of(SetMemory{}), "memory");
  EXPECT_EQ(kind_of(SetIdleAlarm{}), "idleAlarm");
}

}  // namespace
}  // namespace kiln::advise
