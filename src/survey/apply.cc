// Carrying out advice: the same operations that its commands name.
#include <fmt/format.h>

#include <thread>

#include "scaling/scaling_error.h"
#include "survey/advice.h"

namespace kiln::survey {
namespace {

class Applier {
 public:
  Applier(Api& api, const advise::Where& where)
      : api_(api), where_(where), name_(path_segment(where.function)) {}

  Result<void> operator()(const advise::SetReserved& setting) const {
    const std::string path = "/2017-10-31/functions/" + name_ + "/concurrency";
    if (!setting.units) return done(rest(api_, "DELETE", path));
    return done(rest(api_, "PUT", path, {{"ReservedConcurrentExecutions", *setting.units}}));
  }

  Result<void> operator()(const advise::SetProvisioned& setting) const {
    if (setting.unscale)
      if (auto gone = scale("DeregisterScalableTarget", setting.qualifier, Json::object()); !gone)
        return gone;
    const std::string path =
        "/2019-09-30/functions/" + name_ +
        "/provisioned-concurrency?Qualifier=" + path_segment(setting.qualifier);
    if (setting.units == 0) return done(rest(api_, "DELETE", path));
    return done(rest(api_, "PUT", path, {{"ProvisionedConcurrentExecutions", setting.units}}));
  }

  Result<void> operator()(const advise::SetTracking& setting) const {
    if (auto set = begin(setting.qualifier, setting.min, setting.max, setting.unscale); !set)
      return set;
    return scale("PutScalingPolicy", setting.qualifier,
                 {{"PolicyName", setting.policy},
                  {"PolicyType", "TargetTrackingScaling"},
                  {"TargetTrackingScalingPolicyConfiguration",
                   Json::parse_or_null(advise::tracking_configuration(setting, where_))}});
  }

  Result<void> operator()(const advise::SetSchedule& setting) const {
    if (auto set = begin(setting.qualifier, setting.min, setting.max, setting.unscale); !set)
      return set;
    for (const auto& entry : setting.entries) {
      auto put = scale(
          "PutScheduledAction", setting.qualifier,
          {{"ScheduledActionName", entry.name},
           {"Schedule", entry.cron},
           {"ScalableTargetAction", Json{{"MinCapacity", entry.min}, {"MaxCapacity", entry.max}}}});
      if (!put) return put;
    }
    return {};
  }

  Result<void> operator()(const advise::SetMemory& setting) const {
    return configure({{"MemorySize", setting.memory_mb}});
  }
  Result<void> operator()(const advise::SetTimeout& setting) const {
    return configure({{"Timeout", setting.seconds}});
  }

  Result<void> operator()(const advise::SetIdleAlarm& setting) const {
    constexpr int kPeriod = 300;
    const Json dimensions = Json::array(
        {Json{{"Name", "FunctionName"}, {"Value", where_.function}},
         Json{{"Name", "Resource"}, {"Value", where_.function + ":" + setting.qualifier}}});
    return done(rpc(api_, kCloudWatch, "PutMetricAlarm",
                    {{"AlarmName", where_.function + "-" + setting.qualifier + "-idle"},
                     {"Namespace", "AWS/Lambda"},
                     {"MetricName", "Invocations"},
                     {"Dimensions", dimensions},
                     {"Statistic", "Sum"},
                     {"Period", kPeriod},
                     {"EvaluationPeriods", setting.minutes * 60 / kPeriod},
                     {"Threshold", 1},
                     {"ComparisonOperator", "LessThanThreshold"},
                     {"TreatMissingData", "breaching"}}));
  }

 private:
  static Result<void> done(const Result<Json>& answer) {
    if (!answer) return answer.error();
    return {};
  }

  Result<void> scale(const std::string& operation, const std::string& qualifier, Json body) const {
    body["ServiceNamespace"] = scaling::kServiceNamespace;
    body["ScalableDimension"] = scaling::kScalableDimension;
    body["ResourceId"] = "function:" + where_.function + ":" + qualifier;
    return done(rpc(api_, kAutoScaling, operation, body));
  }

  Result<void> begin(const std::string& qualifier, int min, int max, bool unscale) const {
    if (min > 0) {
      if (auto set = (*this)(advise::SetProvisioned{qualifier, min, unscale}); !set) return set;
    } else if (unscale) {
      if (auto gone = scale("DeregisterScalableTarget", qualifier, Json::object()); !gone)
        return gone;
    }
    return scale("RegisterScalableTarget", qualifier, {{"MinCapacity", min}, {"MaxCapacity", max}});
  }

  Result<void> configure(const Json& settings) const {
    const std::string& alias = where_.alias;
    if (!alias.empty() && alias.find_first_not_of("0123456789") == alias.npos)
      return Error{ErrorKind::kInvalid, "Version",
                   "versions can't be changed, and " + where_.function +
                       " is called by its version " + alias +
                       "; call an alias, which can be moved to a new version"};
    const std::string path = "/2015-03-31/functions/" + name_;
    if (auto set = done(rest(api_, "PUT", path + "/configuration", settings)); !set) return set;
    if (auto ready = updated(path); !ready) return ready;
    if (alias.empty()) return {};
    const Result<Json> published = rest(api_, "POST", path + "/versions", Json::object());
    if (!published) return published.error();
    const std::string version = published->text_or("Version", "");
    return done(rest(api_, "PUT", path + "/aliases/" + path_segment(alias),
                     {{"FunctionVersion", version}}));
  }

  // A change is under way for a moment.
  Result<void> updated(const std::string& path) const {
    constexpr int kTries = 600;
    constexpr auto kPause = std::chrono::milliseconds(100);
    for (int i = 0; i < kTries; ++i) {
      const Result<Json> now = rest(api_, "GET", path + "/configuration");
      if (!now) return now.error();
      const std::string status = now->text_or("LastUpdateStatus", "Successful");
      if (status == "Successful") return {};
      if (status == "Failed")
        return Error{ErrorKind::kInternal, "Failed",
                     "the change failed: " + now->text_or("LastUpdateStatusReason", "")};
      std::this_thread::sleep_for(kPause);
    }
    return Error{ErrorKind::kInternal, "Failed",
                 "the change of " + where_.function + " has not ended within a minute"};
  }

  Api& api_;
  const advise::Where& where_;
  const std::string name_;
};

}  // namespace

Result<void> apply(Api& api, const advise::Setting& setting, const advise::Where& where) {
  return std::visit(Applier(api, where), setting);
}

}  // namespace kiln::survey
