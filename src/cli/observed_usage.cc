#include "cli/observed_usage.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>

#include "base/clock.h"
#include "cli/function_api.h"
#include "cli/json_call.h"
#include "logs/files.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

constexpr double kBytesPerGb = 1024.0 * 1024 * 1024;

Result<Json> monitoring_call(ApiClient& client, const std::string& operation, const Json& body) {
  ApiRequest request{
      .method = "POST", .path = "/", .body = body.to_text(), .service = "monitoring"};
  request.headers = {{"Content-Type", "application/x-amz-json-1.0"},
                     {"X-Amz-Target", "GraniteServiceVersion20100801." + operation}};
  return json_call(client, request);
}

Result<void> each_monitoring_page(ApiClient& client, const std::string& operation,
                                  const std::function<void(const Json& page)>& take) {
  Json body = Json::object();
  while (true) {
    const Result<Json> page = monitoring_call(client, operation, body);
    if (!page) return page.error();
    take(*page);
    const std::string next = page->text_or("NextToken", "");
    if (next.empty() || next == body["NextToken"].text()) return {};
    body["NextToken"] = next;
  }
}

// The sum of a function's metric over the last fortnight.
Result<double> metric_sum(ApiClient& client, const std::string& function,
                          const std::string& metric) {
  constexpr int64_t kDay = 86'400, kDays = 15;
  const int64_t now = epoch_s(SystemClock().wall_now());
  // An engine with --speed is ahead of this machine's clock.
  const Json body{
      {"Namespace", "AWS/Lambda"},
      {"MetricName", metric},
      {"Dimensions", Json::array({Json{{"Name", "FunctionName"}, {"Value", function}}})},
      {"StartTime", now - kDays * kDay},
      {"EndTime", now + kDays * kDay},
      {"Period", kDay},
      {"Statistics", Json::array({"Sum"})}};
  const Result<Json> answer = monitoring_call(client, "GetMetricStatistics", body);
  if (!answer) return answer.error();
  double sum = 0;
  for (const Json& point : (*answer)["Datapoints"]) sum += point.number_or("Sum", 0);
  return sum;
}

Result<int64_t> ask_provisioned(ApiClient& client, const std::string& function) {
  const Result<Json> answer =
      json_call(client, {.method = "GET",
                         .path = "/2019-09-30/functions/" + percent_encode(function) +
                                 "/provisioned-concurrency?List=ALL"});
  if (!answer) return answer.error();
  int64_t sum = 0;
  for (const Json& config : (*answer)["ProvisionedConcurrencyConfigs"])
    sum += config.integer_or<int64_t>("RequestedProvisionedConcurrentExecutions", 0);
  return sum;
}

}  // namespace

void ObservedUsage::add(const SeenReport& seen) {
  Sums& sums = functions_[{seen.region, seen.function}];
  sums.requests += 1;
  sums.gb_seconds +=
      cost::gb_seconds(seen.report.memory_mb, static_cast<double>(seen.report.billed_ms));
  sums.billed_ms += static_cast<double>(seen.report.billed_ms);
  if (seen.report.restore_ms) sums.restored_gb += static_cast<double>(seen.report.memory_mb) / 1024;
  if (seen.time_ms <= 0) return;
  first_ms_ = std::min(first_ms_, seen.time_ms);
  last_ms_ = std::max(last_ms_, seen.time_ms);
}

void ObservedUsage::set_log_bytes(const std::string& region, const std::string& function,
                                  int64_t bytes) {
  const auto found = functions_.find({region, function});
  if (found != functions_.end()) found->second.log_bytes = bytes;
}

double ObservedUsage::span_s() const {
  return last_ms_ > first_ms_ ? static_cast<double>(last_ms_ - first_ms_) / 1000 : 0;
}

std::vector<std::pair<std::string, std::string>> ObservedUsage::functions() const {
  std::vector<std::pair<std::string, std::string>> names;
  for (const auto& one : functions_) names.push_back(one.first);
  return names;
}

cost::Usage ObservedUsage::usage(const std::string& region, const std::string& function,
                                 const FunctionFacts& facts, double window_s) const {
  using cost::Item;
  const Sums& sums = functions_.at({region, function});
  cost::Usage usage{.function = function, .architecture = facts.architecture};
  usage[Item::kRequests] = sums.requests;
  usage[Item::kDuration] = sums.gb_seconds * (1 - facts.provisioned_share);
  usage[Item::kProvisionedDuration] = sums.gb_seconds * facts.provisioned_share;
  usage[Item::kProvisionedCapacity] =
      static_cast<double>(facts.memory_mb * facts.provisioned) / 1024 * window_s;
  usage[Item::kEphemeralStorage] = cost::storage_gb_seconds(facts.storage_mb, sums.billed_ms);
  usage[Item::kSnapStartRestore] = sums.restored_gb;
  const std::optional<int64_t> log_bytes = facts.log_bytes ? facts.log_bytes : sums.log_bytes;
  usage[Item::kLogIngestion] = static_cast<double>(log_bytes.value_or(0)) / kBytesPerGb;
  return usage;
}

Result<FunctionFacts> facts_of(ApiClient& client, const std::string& function) {
  FunctionFacts facts;
  const Result<Json> configuration =
      json_call(client, {.method = "GET", .path = function_path(function) + "/configuration"});
  if (!configuration) {
    if (configuration.error().kind == ErrorKind::kNotFound) return facts;
    return configuration.error();
  }
  facts.architecture = cost::architecture_named((*configuration)["Architectures"][0].text())
                           .value_or(facts.architecture);
  facts.storage_mb = (*configuration)["EphemeralStorage"].integer_or<int64_t>("Size", 512);
  facts.memory_mb = configuration->integer_or<int64_t>("MemorySize", 128);
  const Result<int64_t> provisioned = ask_provisioned(client, function);
  if (!provisioned) return provisioned.error();
  facts.provisioned = *provisioned;
  const Result<double> all = metric_sum(client, function, "Invocations");
  if (!all) return all.error();
  const Result<double> on_provisioned =
      metric_sum(client, function, "ProvisionedConcurrencyInvocations");
  if (!on_provisioned) return on_provisioned.error();
  if (*all > 0) facts.provisioned_share = std::min(*on_provisioned / *all, 1.0);
  return facts;
}

Result<std::vector<cost::Usage>> monitoring_usage(ApiClient& client) {
  cost::Usage alarms{.function = "(alarms)"}, metrics{.function = "(metrics)"};
  const Result<void> described =
      each_monitoring_page(client, "DescribeAlarms", [&](const Json& page) {
        for (const Json& alarm : page["MetricAlarms"]) {
          const Json& queries = alarm["Metrics"];
          const auto watched = std::count_if(queries.begin(), queries.end(), [](const Json& query) {
            return query.contains("MetricStat");
          });
          alarms[cost::Item::kAlarms] += static_cast<double>(std::max<std::ptrdiff_t>(watched, 1));
        }
      });
  if (!described) return described.error();
  const Result<void> listed = each_monitoring_page(client, "ListMetrics", [&](const Json& page) {
    for (const Json& metric : page["Metrics"]) {
      if (!metric["Namespace"].text().starts_with("AWS/")) metrics[cost::Item::kMetrics] += 1;
    }
  });
  if (!listed) return listed.error();
  return std::vector<cost::Usage>{alarms, metrics};
}

void add_log_bytes_of_files(const std::string& data_dir, ObservedUsage& usage) {
  std::map<std::pair<std::string, std::string>, int64_t> bytes;
  each_stream_of_files(data_dir, [&](const FunctionStream& stream) {
    std::error_code ec;
    for (const std::string_view suffix : {logs::kLogSuffix, logs::kOldLogSuffix})
      if (const auto size = fs::file_size(stream.path + std::string(suffix), ec); !ec)
        bytes[{stream.region, stream.function}] += static_cast<int64_t>(size);
  });
  for (const auto& [region, function] : usage.functions())
    usage.set_log_bytes(region, function, bytes[{region, function}]);
}

}  // namespace kiln::cli
