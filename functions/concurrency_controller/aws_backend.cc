#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "backend.h"
#include "kiln/cloudwatch.h"
#include "kiln/lambda_client.h"
#include "kiln/lazy.h"

namespace concurrency_controller {
namespace {

using kiln::cloudwatch::DataQuery;
using kiln::cloudwatch::Metric;

constexpr std::chrono::seconds kPeriod{60};

int whole(double value) {
  return static_cast<int>(std::clamp(std::llround(value), 0LL, 1'000'000'000LL));
}

// An invocation asks twice before it answers; three attempts of each fit into the budget.
kiln::aws::Config config_of(const char* service, std::chrono::milliseconds budget) {
  auto config = kiln::aws::Config::from_environment(service);
  const std::chrono::milliseconds least(10);
  config.timeout = std::clamp(budget / 8, least, config.timeout);
  config.connect_timeout = std::clamp(budget / 8, least, config.connect_timeout);
  return config;
}

// The points are of one minute each; the window is put together here. An average of averages would
// be none, so the mean duration is that of all invocations.
class AwsBackend final : public Backend {
 public:
  explicit AwsBackend(std::chrono::milliseconds budget)
      : metrics_([budget] {
          return std::make_unique<kiln::cloudwatch::Client>(config_of("cloudwatch", budget));
        }),
        functions_([budget] {
          return std::make_unique<kiln::lambda::Client>(config_of("lambda", budget));
        }) {}

  Metrics metrics(const std::string& function, const Window& window) override {
    const auto start =
        std::chrono::floor<std::chrono::minutes>(window.end - std::chrono::minutes(window.minutes));
    const auto query = [&](const char* id, const char* metric, const char* statistic) {
      return DataQuery{.id = id,
                       .metric = Metric{"AWS/Lambda", metric, {{"FunctionName", function}}},
                       .statistic = statistic,
                       .period = kPeriod};
    };
    const auto results = metrics_->get_metric_data(
        {query("concurrent", "ConcurrentExecutions", "Maximum"),
         query("invocations", "Invocations", "Sum"), query("errors", "Errors", "Sum"),
         query("throttles", "Throttles", "Sum"), query("duration", "Duration", "Sum"),
         query("durations", "Duration", "SampleCount")},
        start, window.end);
    std::map<std::string, double> sums;
    double concurrent = 0;
    for (const auto& result : results) {
      for (const auto& [time, value] : result.points) {
        sums[result.id] += value;
        if (result.id == "concurrent") concurrent = std::max(concurrent, value);
      }
    }
    const auto ratio = [](double part, double of) { return of > 0 ? part / of : 0; };
    return {whole(concurrent), sums["invocations"] / window.minutes,
            100 * ratio(sums["errors"], sums["invocations"]),
            ratio(sums["duration"], sums["durations"]), whole(sums["throttles"])};
  }

  Capacity capacity(const std::string& function) override {
    Capacity out{functions_->get_function_concurrency(function), 0};
    if (!out.reserved)
      out.unreserved = functions_->get_account_limits().unreserved_concurrent_executions;
    return out;
  }

  void reserve(const std::string& function, int concurrency) override {
    functions_->put_function_concurrency(function, concurrency);
  }

 private:
  kiln::Lazy<kiln::cloudwatch::Client> metrics_;
  kiln::Lazy<kiln::lambda::Client> functions_;
};

}  // namespace

std::unique_ptr<Backend> open_aws_backend(std::chrono::milliseconds budget) {
  return std::make_unique<AwsBackend>(budget);
}

}  // namespace concurrency_controller
