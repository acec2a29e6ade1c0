// The control loop's rules together, on a clock that the test moves: admission, metrics, alarms,
// messages. No threads, no sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/function_metrics.h"
#include "model/admission.h"
#include "telemetry/alarm_book.h"
#include "telemetry/alarm_message.h"
#include "telemetry/metric_store.h"
#include "tests/support/control_story.h"
#include "tests/support/state_doubles.h"

namespace kiln::engine {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr int64_t kStart = 1'767'225'600;  // 2026-01-01T00:00:00Z
const char* const kStoryRegion = "us-east-1";

class NoArchive final : public telemetry::MetricArchive {
 public:
  void resume(int64_t) override {}
  bool write(const std::vector<Point>&, int64_t) override { return true; }
  void read(int64_t, int64_t, int64_t, const std::function<void(Point&&)>&) override {}
  int64_t add_series(const telemetry::MetricKey&, const std::string&) override { return ++last_; }
  void compact(int64_t) override {}
  std::vector<SeriesInfo> load_series() override { return {}; }

 private:
  int64_t last_ = 0;
};

// One function of an account, as the engine's loop sees it, and the loop from metric to alarm.
class ControlStory : public testing::Test {
 protected:
  int64_t now_s() const { return epoch_s(clock_.wall_now()); }

  // An invocation that begins now; nullopt: throttled, which is counted.
  std::optional<model::Admission> begin(const std::string& qualifier = "",
                                        const std::string& version = "$LATEST") {
    auto& way = metrics_.way(qualifier, version);
    const model::Admission admission = function_.admit(version, clock_.steady_now());
    last_throttle_ = admission.throttle;
    if (admission.throttle != model::Throttle::kNone) {
      metrics_.on_throttle(way, now_s() / 60 * 60);
      return std::nullopt;
    }
    ++way.in_use;
    FunctionMetrics::Load load;
    load.function_in_use = function_.in_use();
    if (const auto* provisioned = function_.provisioned(version)) {
      load.provisioned_in_use = provisioned->in_use;
      load.provisioned_configured = provisioned->configured;
    }
    metrics_.on_start(way, now_s() / 60 * 60, load);
    return admission;
  }
  void end(const model::Admission& admission, bool error = false, const std::string& qualifier = "",
           const std::string& version = "$LATEST") {
    auto& way = metrics_.way(qualifier, version);
    --way.in_use;
    metrics_.on_end(
        way, now_s() / 60 * 60,
        {10, error, admission.capacity == model::Capacity::kProvisioned, admission.spillover});
    function_.release(version, admission);
  }
  // The rest of this minute passes; what the alarms then ask for.
  std::vector<telemetry::FiredAction> minute_ends() {
    clock_.advance(std::chrono::seconds(60 - now_s() % 60));
    gather();
    return alarms_.evaluate(clock_.wall_now(), [this](const telemetry::MetricStat& metric,
                                                      int64_t from_s, int64_t to_s) {
      return store_.read(metric, from_s, to_s, telemetry::MetricStore::Align::kStart);
    });
  }
  void gather() {
    std::vector<MetricPoint> points;
    metrics_.collect(points);
    for (const auto& point : points)
      store_.record(point.key, point.unit, point.time_s, point.values);
  }
  double sum(const std::string& metric, const std::string& resource = "") {
    gather();
    telemetry::Dimensions dimensions{{"FunctionName", "f"}};
    if (!resource.empty()) dimensions.emplace_back("Resource", resource);
    double total = 0;
    for (const auto& [time, value] :
         store_
             .read({{kStoryRegion, "AWS/Lambda", metric, dimensions}, 60, "Sum", ""}, kStart - 3600,
                   kStart + 86'400)
             .points)
      total += value;
    return total;
  }

  ManualClock clock_{WallTime(std::chrono::seconds(kStart))};
  model::AccountCapacity account_{model::AccountQuota{}};
  model::FunctionAdmission function_{account_};
  FunctionMetrics metrics_{kStoryRegion, "f"};
  NoArchive archive_;
  telemetry::MetricStore store_{archive_};
  tests::NoState documents_;
  telemetry::AlarmBook alarms_{"000000000000", documents_};
  model::Throttle last_throttle_ = model::Throttle::kNone;
};

TEST_F(ControlStory, ReserveTwoSendFiveThreeAreThrottled) {
  function_.configure(2, 0);
  std::vector<model::Admission> admitted;
  int throttled = 0;
  for (int i = 0; i < 5; ++i) {
    if (auto admission = begin())
      admitted.push_back(*admission);
    else
      ++throttled;
  }
  EXPECT_EQ(admitted.size(), 2u);
  EXPECT_EQ(throttled, 3);
  EXPECT_EQ(to_text(last_throttle_), "ReservedFunctionConcurrentInvocationLimitExceeded");
  for (const auto& admission : admitted) end(admission);
  EXPECT_EQ(sum("Invocations"), 2);
  EXPECT_EQ(sum("Throttles"), 3);
  EXPECT_EQ(sum("Errors"), 0);
}

TEST_F(ControlStory, ProvisionThreeSendFiveTwoSpillOver) {
  function_.configure(std::nullopt, 3);
  function_.set_provisioned("1", 3, 3);
  std::vector<model::Admission> admitted;
  for (int i = 0; i < 5; ++i) admitted.push_back(begin("live", "1").value());
  for (const auto& admission : admitted) end(admission, false, "live", "1");
  EXPECT_EQ(sum("ProvisionedConcurrencyInvocations", "f:live"), 3);
  EXPECT_EQ(sum("ProvisionedConcurrencySpilloverInvocations", "f:live"), 2);
  EXPECT_EQ(sum("Invocations", "f:live"), 5);
}

TEST_F(ControlStory, AnErrorRateAlarmGoesToAlarmAndBackAndSaysSo) {
  function_.configure(std::nullopt, 0);
  telemetry::AlarmConfig config = error_rate_alarm(kStoryRegion);
  config.actions.alarm = config.actions.ok = {"arn:aws:sns:us-east-1:000000000000:topic"};
  ASSERT_TRUE(alarms_.put(config, {}, clock_.wall_now()).ok());

  const auto minute_of = [&](int good, int bad) {
    for (int i = 0; i < good + bad; ++i) end(*begin(), i < bad);
    return minute_ends();
  };
  for (const ErrorMinute& m : kErrorStory) {
    SCOPED_TRACE(std::to_string(m.good) + " good, " + std::to_string(m.bad) + " bad");
    const auto fired = minute_of(m.good, m.bad);
    EXPECT_EQ(alarms_.find(kStoryRegion, "errors")->status.state, m.state);
    ASSERT_EQ(fired.size(), m.told ? 1u : 0u);
    if (!m.told) continue;
    const json message = json::parse(telemetry::sns_message(*fired[0].alarm));
    EXPECT_EQ(message["NewStateValue"], std::string(to_text(m.state)));
    EXPECT_EQ(message["Trigger"]["Metrics"].size(), 3u);
    EXPECT_EQ(message["AlarmArn"], "arn:aws:cloudwatch:us-east-1:000000000000:alarm:errors");
  }
}

}  // namespace
}  // namespace kiln::engine
