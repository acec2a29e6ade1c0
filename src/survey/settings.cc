#include "survey/settings.h"

#include <algorithm>

#include "survey/documents.h"

namespace kiln::survey {
namespace {

using simulate::SimulatedFunction;

constexpr const char* kFunctions = "/2015-03-31/functions/";

std::string function_path(const std::string& name) { return kFunctions + path_segment(name); }

// Lists of REST operations are in pages, too.
Result<void> each_rest_page(Api& api, const std::string& path,
                            const std::function<void(const Json& page)>& take) {
  std::string marker;
  while (true) {
    const char joint = path.find('?') == path.npos ? '?' : '&';
    const Result<Json> page =
        rest(api, "GET", marker.empty() ? path : path + joint + "Marker=" + path_segment(marker));
    if (!page) return page.error();
    take(*page);
    std::string next = page->text_or("NextMarker", "");
    if (next.empty() || next == marker) return {};
    marker = std::move(next);
  }
}

model::ConfigPtr config_of(const Json& document, const std::string& region) {
  auto config = std::make_shared<model::FunctionConfig>();
  config->region = region;
  config->name = document.text_or("FunctionName", "");
  config->version = document.text_or("Version", model::kLatest);
  config->memory_mb = document.integer_or("MemorySize", 128);
  config->timeout_s = document.integer_or("Timeout", 3);
  config->ephemeral_mb = document["EphemeralStorage"].integer_or("Size", 512);
  config->architectures = {document["Architectures"][0].text()};
  if (config->architectures[0].empty()) config->architectures = {"x86_64"};
  return config;
}

std::optional<int64_t> number_of(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != text.npos || text.size() > 15)
    return std::nullopt;
  return std::stoll(text);
}

// "arn:aws:lambda:REGION:ACCOUNT:function:NAME:QUALIFIER"
std::string qualifier_of(const std::string& arn) {
  size_t at = 0;
  for (int i = 0; i < 7; ++i) {
    at = arn.find(':', at);
    if (at == arn.npos) return {};
    ++at;
  }
  return arn.substr(at);
}

Result<void> read_versions(Api& api, const std::string& name, model::Function& function) {
  return each_rest_page(api, function_path(name) + "/versions", [&](const Json& page) {
    for (const Json& version : page["Versions"])
      if (const auto number = number_of(version.text_or("Version", "")))
        function.versions[*number] = config_of(version, function.region());
  });
}

Result<void> read_aliases(Api& api, const std::string& name, model::Function& function) {
  return each_rest_page(api, function_path(name) + "/aliases", [&](const Json& page) {
    for (const Json& item : page["Aliases"]) {
      model::Alias alias;
      alias.name = item.text_or("Name", "");
      alias.function_version = item.text_or("FunctionVersion", "");
      for (const auto& [version, weight] :
           item["RoutingConfig"]["AdditionalVersionWeights"].members())
        alias.additional_version = {version, weight.number().value_or(0)};
      function.aliases[alias.name] = alias;
    }
  });
}

Result<void> read_provisioned(Api& api, const std::string& name, model::Function& function) {
  return each_rest_page(
      api, "/2019-09-30/functions/" + path_segment(name) + "/provisioned-concurrency?List=ALL",
      [&](const Json& page) {
        for (const Json& item : page["ProvisionedConcurrencyConfigs"]) {
          const int units = item.integer_or("RequestedProvisionedConcurrentExecutions", 0);
          const std::string qualifier = qualifier_of(item.text_or("FunctionArn", ""));
          if (units > 0 && !qualifier.empty()) function.provisioned[qualifier] = {units, {}};
        }
      });
}

Result<void> read_event_config(Api& api, const std::string& name, model::Function& function) {
  return each_rest_page(
      api, "/2019-09-25/functions/" + path_segment(name) + "/event-invoke-config/list",
      [&](const Json& page) {
        for (const Json& item : page["FunctionEventInvokeConfigs"]) {
          std::string qualifier = qualifier_of(item.text_or("FunctionArn", ""));
          if (qualifier.empty()) qualifier = model::kLatest;
          model::EventInvokeConfig& config = function.event_invoke[qualifier];
          config.maximum_retry_attempts = item["MaximumRetryAttempts"].integer<int>();
          config.maximum_event_age_s = item["MaximumEventAgeInSeconds"].integer<int>();
        }
      });
}

Result<SimulatedFunction> read_function(Api& api, const std::string& name,
                                        const std::string& region) {
  const Result<Json> document = rest(api, "GET", function_path(name));
  if (!document) return document.error();
  SimulatedFunction out;
  out.config.latest = config_of((*document)["Configuration"], region);
  out.config.reserved_concurrency =
      (*document)["Concurrency"]["ReservedConcurrentExecutions"].integer<int>();
  if (const auto architecture =
          cost::architecture_named((*document)["Configuration"]["Architectures"][0].text()))
    out.architecture = *architecture;
  for (const auto& read : {read_versions, read_aliases, read_provisioned, read_event_config})
    if (const auto done = read(api, name, out.config); !done) return done.error();
  return out;
}

class Reader {
 public:
  Reader(Api& api, const std::vector<std::string>& functions, const std::string& region)
      : api_(api), functions_(functions) {
    out_.scenario.region = region;
  }

  Result<Settings> go() {
    for (const std::string& name : functions_) {
      auto function = read_function(api_, name, out_.scenario.region);
      if (!function) return function.error();
      out_.scenario.functions.push_back(std::move(*function));
    }
    if (const auto read = read_quota(); !read) return read.error();
    if (const auto read = read_scaling(); !read) return read.error();
    if (const auto read = read_alarms(); !read) return read.error();
    return std::move(out_);
  }

 private:
  bool is_mine(const std::string& function) const {
    return std::find(functions_.begin(), functions_.end(), function) != functions_.end();
  }
  bool is_mine(const scaling::ResourceId& resource) const {
    return is_mine(resource.function_name);
  }

  // What other functions claim can't be used by these.
  Result<void> read_quota() {
    const Result<Json> settings = rest(api_, "GET", "/2016-08-19/account-settings");
    if (!settings) return settings.error();
    model::AccountQuota& quota = out_.scenario.quota;
    const Json& limit = (*settings)["AccountLimit"];
    const int all = limit.integer_or("ConcurrentExecutions", quota.concurrency);
    int others = all - limit.integer_or("UnreservedConcurrentExecutions", all);
    for (const SimulatedFunction& function : out_.scenario.functions)
      others -= std::max(
          function.config.reserved_concurrency.value_or(0),
          function.config.reserved_concurrency ? 0 : model::provisioned_total(function.config));
    quota.concurrency = all - std::max(others, 0);
    quota.min_unreserved = std::min(quota.min_unreserved, quota.concurrency);
    return {};
  }

  Result<void> read_scaling() {
    std::optional<Error> error;
    // Of each answer, what is of these functions.
    const auto each = [&](const char* operation, const char* list, const auto& take) {
      const Result<void> read = each_page(
          api_, kAutoScaling, operation, {{"ServiceNamespace", "lambda"}}, "NextToken",
          [&](const Json& page) {
            for (const Json& item : page[list]) {
              const auto resource = scaling::ResourceId::parse(item.text_or("ResourceId", ""));
              if (!resource || !is_mine(*resource) || error) continue;
              if (const Result<void> taken = take(item); !taken) error = taken.error();
            }
            return !error;
          });
      if (!read && !error) error = read.error();
    };
    simulate::Scenario& scenario = out_.scenario;
    each("DescribeScalableTargets", "ScalableTargets", [&](const Json& item) -> Result<void> {
      auto target = read_target(item);
      if (!target) return target.error();
      scenario.targets.push_back(std::move(*target));
      return {};
    });
    each("DescribeScalingPolicies", "ScalingPolicies", [&](const Json& item) -> Result<void> {
      auto policy = read_policy(item, scenario.region);
      if (!policy) return policy.error();
      scenario.policies.push_back({std::move(*policy), item.text_or("PolicyARN", "")});
      return {};
    });
    each("DescribeScheduledActions", "ScheduledActions", [&](const Json& item) -> Result<void> {
      auto action = read_action(item);
      if (!action) return action.error();
      scenario.actions.push_back(std::move(*action));
      return {};
    });
    if (error) return *error;
    return {};
  }

  // Alarms that a scaling policy made for itself are made again by it.
  Result<void> read_alarms() {
    return each_page(api_, kCloudWatch, "DescribeAlarms", Json::object(), "NextToken",
                     [&](const Json& page) {
                       for (const Json& item : page["MetricAlarms"]) add_alarm(item);
                       return true;
                     });
  }
  void add_alarm(const Json& item) {
    const std::string name = item.text_or("AlarmName", "");
    if (name.starts_with("TargetTracking-")) return;
    std::vector<Json> metrics;
    if (item.contains("MetricName")) metrics.push_back(item);
    for (const Json& query : item["Metrics"])
      if (query.contains("MetricStat")) metrics.push_back(query["MetricStat"]["Metric"]);
    bool mine = false, only_mine = !metrics.empty();
    for (const Json& metric : metrics) {
      bool is = metric.text_or("Namespace", "") == "AWS/Lambda" && metric["Dimensions"].empty();
      for (const Json& dimension : metric["Dimensions"])
        is = is || (dimension.text_or("Name", "") == "FunctionName" &&
                    is_mine(dimension.text_or("Value", "")));
      mine = mine || is;
      only_mine = only_mine && is;
    }
    if (!mine) return;
    if (only_mine) {
      auto alarm = read_alarm(item, out_.scenario.region);
      const auto checked =
          alarm ? simulate::check_alarm(out_.scenario, *alarm) : Result<void>(alarm.error());
      if (checked)
        out_.scenario.alarms.push_back(std::move(*alarm));
      else
        out_.notes.push_back("without an alarm: " + checked.error().message);
      return;
    }
    out_.notes.push_back("the alarm " + name +
                         " watches other things as well, and is not simulated");
  }

  Api& api_;
  const std::vector<std::string>& functions_;
  Settings out_;
};

}  // namespace

WallTime MetricTime::of(WallTime at) const {
  const auto back = std::chrono::duration_cast<Duration>(at - machine);
  return now + std::chrono::duration_cast<WallTime::duration>(
                   Duration(static_cast<int64_t>(static_cast<double>(back.count()) * speed)));
}

MetricTime metric_time(Api& api, WallTime machine_now) {
  MetricTime time{.now = machine_now, .machine = machine_now};
  const Result<Json> status = rest(api, "GET", "/_kiln/status");
  if (!status || !status->contains("metricTime")) return time;
  const auto seconds = [&](const char* member) {
    return WallTime(std::chrono::seconds(status->integer_or<int64_t>(member, 0)));
  };
  const auto duration = [&](const char* member, double otherwise) {
    return Duration(static_cast<int64_t>(status->number_or(member, otherwise) * 1e9));
  };
  time.now = seconds("metricTime");
  time.machine = seconds("machineTime");
  time.speed = status->number_or("speed", 1);
  time.kiln = true;
  time.idle_lifetime = duration("idleLifetimeSeconds", 600);
  time.provisioning_delay = duration("provisioningDelaySeconds", 0);
  return time;
}

Result<Settings> read_settings(Api& api, const std::vector<std::string>& functions,
                               const std::string& region) {
  return Reader(api, functions, region).go();
}

Result<std::vector<std::string>> function_names(Api& api) {
  std::vector<std::string> names;
  const Result<void> read = each_rest_page(api, kFunctions, [&](const Json& page) {
    for (const Json& function : page["Functions"])
      names.push_back(function.text_or("FunctionName", ""));
  });
  if (!read) return read.error();
  return names;
}

simulate::Platform platform_of(const MetricTime& time) {
  if (!time.kiln) return simulate::Platform::aws();
  simulate::Platform platform = simulate::Platform::kiln();
  const auto real = [&](Duration metric) {
    return Duration(static_cast<int64_t>(static_cast<double>(metric.count()) / time.speed));
  };
  platform.speed = time.speed;
  platform.idle_lifetime = real(time.idle_lifetime);
  platform.allocation.delay = real(time.provisioning_delay);
  return platform;
}

}  // namespace kiln::survey
