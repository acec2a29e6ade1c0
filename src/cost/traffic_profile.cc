#include "cost/traffic_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/json.h"

namespace kiln::cost {
namespace {

Error wrong_traffic(std::string message) {
  return {ErrorKind::kInvalid, "Usage", "the traffic " + std::move(message)};
}

// A member that is a number of at least 0, and at most `most`.
Result<void> read_number(const Json& object, const std::string& where, const char* name,
                         double most, double& into) {
  const Json* value = object.find(name);
  if (value == nullptr) return {};
  const std::optional<double> number = value->number();
  if (!number || !(*number >= 0 && *number <= most))
    return wrong_traffic(
        fmt::format("has a wrong number at {}.{}: 0 to {} is possible", where, name, most));
  into = *number;
  return {};
}

Result<void> read_durations(const Json& value, const std::string& where, FunctionTraffic& traffic) {
  constexpr double kMostMs = 900'000;
  const auto is_duration = [](const std::optional<double>& ms) {
    return ms && *ms >= 0 && *ms <= kMostMs;
  };
  if (is_duration(value.number())) {
    traffic.duration_ms[0] = *value.number();
    return {};
  }
  for (const Json::Member& member : value.members()) {
    int64_t size = 0;
    const std::string& name = member.name;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), size);
    if (error != std::errc() || end != name.data() + name.size() || size < 1 ||
        !is_duration(member.value.number())) {
      return wrong_traffic(fmt::format(
          R"(has a wrong duration at {}.durationMs.{}: write {{"512": 80}})", where, name));
    }
    traffic.duration_ms[size] = *member.value.number();
  }
  if (traffic.duration_ms.empty())
    return wrong_traffic("lacks " + where + ".durationMs: a number, or one for each memory size");
  return {};
}

Result<void> refuse_unknown(const Json& object, const std::string& where) {
  constexpr std::string_view kKnown[] = {
      "invocationsPerMonth", "perSecond",        "durationMs", "initMs",        "coldStarts",
      "provisionedShare",    "provisionedHours", "eventBytes", "streamedBytes", "logBytes"};
  for (const Json::Member& member : object.members()) {
    if (std::find(std::begin(kKnown), std::end(kKnown), member.name) == std::end(kKnown))
      return wrong_traffic("has a member that there is not: " + where + "." + member.name);
  }
  return {};
}

Result<FunctionTraffic> read_function(const Json& object, const std::string& where) {
  if (!object.is_object()) return wrong_traffic("has no object at " + where);
  if (Result<void> known = refuse_unknown(object, where); !known) return known.error();
  FunctionTraffic traffic;
  constexpr double kMost = 1e15, kMostBytes = 1e12;
  double per_second = 0, event = 0, streamed = 0, log = 0;
  const struct {
    const char* name;
    double most;
    double* into;
  } numbers[] = {{"invocationsPerMonth", kMost, &traffic.invocations},
                 {"perSecond", kMost, &per_second},
                 {"initMs", 1e6, &traffic.init_ms},
                 {"coldStarts", 1, &traffic.cold_starts},
                 {"provisionedShare", 1, &traffic.provisioned_share},
                 {"provisionedHours", 744, &traffic.provisioned_hours},
                 {"eventBytes", kMostBytes, &event},
                 {"streamedBytes", kMostBytes, &streamed},
                 {"logBytes", kMostBytes, &log}};
  for (const auto& number : numbers) {
    if (Result<void> read = read_number(object, where, number.name, number.most, *number.into);
        !read)
      return read.error();
  }
  if (object.contains("perSecond") == object.contains("invocationsPerMonth"))
    return wrong_traffic("needs one of " + where + ".invocationsPerMonth and " + where +
                         ".perSecond");
  traffic.invocations += per_second * kSecondsPerMonth;
  traffic.event_bytes = static_cast<int64_t>(event);
  traffic.streamed_bytes = static_cast<int64_t>(streamed);
  traffic.log_bytes = static_cast<int64_t>(log);
  if (Result<void> read = read_durations(object["durationMs"], where, traffic); !read)
    return read.error();
  return traffic;
}

}  // namespace

const FunctionTraffic* TrafficProfile::of(const std::string& function) const {
  const auto found = functions.find(function);
  if (found != functions.end()) return &found->second;
  return otherwise ? &*otherwise : nullptr;
}

Result<TrafficProfile> read_traffic_profile(std::string_view text) {
  const Result<Json> document = Json::parse(text);
  if (!document) return wrong_traffic("is no JSON: " + document.error().message);
  TrafficProfile profile;
  for (const Json::Member& member : document->members()) {
    if (member.name == "default") {
      Result<FunctionTraffic> traffic = read_function(member.value, "default");
      if (!traffic) return traffic.error();
      profile.otherwise = *std::move(traffic);
    } else if (member.name != "functions") {
      return wrong_traffic("has a member that there is not: " + member.name);
    }
  }
  for (const Json::Member& member : (*document)["functions"].members()) {
    Result<FunctionTraffic> traffic = read_function(member.value, "functions." + member.name);
    if (!traffic) return traffic.error();
    profile.functions[member.name] = *std::move(traffic);
  }
  if (!profile.otherwise && profile.functions.empty())
    return wrong_traffic(
        R"(names no function: write {"functions": {"NAME": {…}}} or {"default": {…}})");
  return profile;
}

Result<Usage> usage_of(const FunctionSettings& settings, const FunctionTraffic& traffic) {
  auto duration = traffic.duration_ms.find(settings.memory_mb);
  if (duration == traffic.duration_ms.end()) duration = traffic.duration_ms.find(0);
  if (duration == traffic.duration_ms.end()) {
    return wrong_traffic(fmt::format("has no duration of '{}' for {} MB; `kiln tune` measures it",
                                     settings.function, settings.memory_mb));
  }
  Usage usage{.function = settings.function, .architecture = settings.architecture};
  const double on_provisioned =
      settings.provisioned > 0 ? traffic.invocations * traffic.provisioned_share : 0;
  const double on_demand = traffic.invocations - on_provisioned;
  const double cold = on_demand * traffic.cold_starts;
  Invocation invocation{.memory_mb = settings.memory_mb,
                        .storage_mb = settings.storage_mb,
                        .billed_ms = billed_ms(duration->second, 0)};
  add_invocations(usage, invocation, on_demand - cold);
  invocation.capacity = Capacity::kProvisioned;
  add_invocations(usage, invocation, on_provisioned);
  invocation.capacity = Capacity::kOnDemand;
  const bool restores = settings.snap_start != SnapStart::kNo;
  if (!restores) invocation.billed_ms = billed_ms(duration->second, traffic.init_ms);
  add_invocations(usage, invocation, cold);

  usage[Item::kRequests] *= static_cast<double>(requests_of_event(traffic.event_bytes));
  usage[Item::kProvisionedCapacity] = provisioned_gb_seconds(
      settings.memory_mb, settings.provisioned, traffic.provisioned_hours * 3600);
  if (settings.snap_start == SnapStart::kYes) {
    usage[Item::kSnapStartCache] = snapstart_cache_gb_seconds(settings.memory_mb, kSecondsPerMonth);
    usage[Item::kSnapStartRestore] = static_cast<double>(settings.memory_mb) / 1024 * cold;
  }
  usage[Item::kStreamedBytes] = streamed_gb(traffic.streamed_bytes) * traffic.invocations;
  usage[Item::kLogIngestion] =
      static_cast<double>(traffic.log_bytes) * traffic.invocations / kBytesPerGb;
  return usage;
}

}  // namespace kiln::cost
