#include "cli/scenario_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "base/time_format.h"
#include "cli/read_file.h"
#include "cli/scenario_member.h"
#include "cli/traffic_source.h"
#include "survey/documents.h"

namespace kiln::cli {
namespace {

using simulate::Behaviour;
using simulate::Scenario;
using simulate::SimulatedFunction;
using traffic::TimeModel;

constexpr uint64_t kLargestScenario = 256U << 20;
constexpr int kMostUnits = 1'000'000;

class Reader {
 public:
  Reader(const std::string& path, ScenarioFile& out)
      : folder_(std::filesystem::path(path).parent_path()), out_(out) {}

  void read(const Member& root) {
    root.only({"region", "start", "length", "warmUp", "platform", "account", "functions", "alarms",
               "scalableTargets", "scalingPolicies", "scheduledActions", "changes"});
    Scenario& scenario = out_.scenario;
    if (const auto region = root.text("region")) scenario.region = *region;
    if (const auto start = root.text("start")) {
      const auto seconds = parse_iso_time(*start);
      if (seconds)
        scenario.start = WallTime(std::chrono::seconds(static_cast<int64_t>(*seconds)));
      else
        root.at("start").fail("must be a date such as 2026-01-05T00:00:00Z");
    }
    scenario.length = root.duration("length").value_or(0);
    scenario.warm_up = root.duration("warmUp").value_or(0);
    read_platform(root.at("platform"));
    read_account(root.at("account"));
    for (const Member& function : items(root.at("functions"))) read_function(function);
    read_control(root);
    for (const Member& change : items(root.at("changes"))) read_change(change);
  }

 private:
  static std::vector<Member> items(const Member& list) {
    std::vector<Member> out;
    if (!list.is_there()) return out;
    if (!list.value().is_array()) list.fail("must be a list");
    for (size_t i = 0; i < list.value().elements().size(); ++i) out.push_back(list.item(i));
    return out;
  }

  void read_platform(const Member& platform) {
    if (!platform.is_there()) return;
    simulate::Platform& out = out_.scenario.platform;
    if (platform.value().is_text()) {
      if (platform.value().text() == "kiln")
        out = simulate::Platform::kiln();
      else if (platform.value().text() != "aws")
        platform.fail("must be \"aws\", \"kiln\", or an object");
      return;
    }
    platform.only({"like", "idleLifetime", "speed", "provisioningDelay", "provisionedPerSecond",
                   "eventsAtOnce"});
    if (platform.text("like").value_or("aws") == "kiln") out = simulate::Platform::kiln();
    if (const auto idle = platform.duration("idleLifetime")) out.idle_lifetime = Duration(*idle);
    if (const auto delay = platform.duration("provisioningDelay"))
      out.allocation.delay = Duration(*delay);
    if (const auto rate = platform.number("provisionedPerSecond", 0, 1e6))
      out.allocation.starts_per_second = *rate;
    if (const auto speed = platform.number("speed", 1, 10'000)) out.speed = *speed;
    if (const auto events = platform.whole("eventsAtOnce", 1, kMostUnits)) {
      out.events_at_once = *events;
      out.all_events_at_once = std::max(out.all_events_at_once, *events);
    }
  }

  void read_account(const Member& account) {
    if (!account.is_there()) return;
    account.only({"concurrency", "minUnreserved", "scalingBurst", "scalingPerSecond"});
    model::AccountQuota& quota = out_.scenario.quota;
    if (const auto value = account.whole("concurrency", 1, kMostUnits)) quota.concurrency = *value;
    if (const auto value = account.whole("minUnreserved", 0, kMostUnits))
      quota.min_unreserved = *value;
    quota.min_unreserved = std::min(quota.min_unreserved, quota.concurrency);
    if (const auto value = account.whole("scalingBurst", 1, kMostUnits))
      quota.scaling_burst = *value;
    if (const auto value = account.whole("scalingPerSecond", 1, kMostUnits))
      quota.scaling_per_second = *value;
  }

  // "lognormal:80ms,p99=400ms", 80, [12.5, 13.1, …], {"quantiles": {"0.5": 80, "0.99": 400}}
  static std::optional<TimeModel> time_model(const Member& of) {
    const Json& value = of.value();
    const auto good = [](const Json& ms) { return ms.number().value_or(-1) >= 0; };
    if (value.is_text()) return of.take(TimeModel::parse(value.text()));
    if (value.is_number() && good(value)) return TimeModel::fixed(*value.number());
    if (value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), good)) {
      std::vector<float> samples;
      for (const Json& ms : value) samples.push_back(static_cast<float>(*ms.number()));
      return TimeModel::samples(std::move(samples));
    }
    if (value["quantiles"].is_object() && !value["quantiles"].empty()) {
      std::vector<std::pair<double, double>> knots;
      for (const Json::Member& member : value["quantiles"].members()) {
        const auto share = parse_share(member.name);
        if (!share || !good(member.value)) {
          of.fail("quantiles are shares and milliseconds, as \"0.99\": 400");
          return std::nullopt;
        }
        knots.emplace_back(*share, *member.value.number());
      }
      std::sort(knots.begin(), knots.end());
      for (size_t i = 1; i < knots.size(); ++i)
        if (knots[i].first == knots[i - 1].first || knots[i].second < knots[i - 1].second) {
          of.fail("quantiles must rise, each share once");
          return std::nullopt;
        }
      return TimeModel::quantiles(std::move(knots));
    }
    of.fail(
        "must be a time such as \"lognormal:80ms,p99=400ms\", milliseconds, a list of measured "
        "milliseconds, or {\"quantiles\": {\"0.5\": 80, \"0.99\": 400}}");
    return std::nullopt;
  }

  static void read_behaviour(const Member& of, Behaviour& behaviour) {
    if (of.at("duration").is_there())
      behaviour.duration = time_model(of.at("duration")).value_or(behaviour.duration);
    if (of.at("init").is_there())
      behaviour.init = time_model(of.at("init")).value_or(behaviour.init);
    if (const auto share = of.share("errors")) behaviour.error_rate = *share;
    if (const auto share = of.share("crashes")) behaviour.crash_rate = *share;
  }

  static model::ConfigPtr with_sizes(const Member& of, const model::ConfigPtr& config) {
    auto changed = std::make_shared<model::FunctionConfig>(*config);
    if (const auto memory = of.whole("memory", 128, 10'240)) changed->memory_mb = *memory;
    if (const auto timeout = of.duration("timeout"))
      changed->timeout_s = static_cast<int>(*timeout / traffic::kSecond);
    if (const auto size = of.whole("ephemeralStorage", 512, 10'240)) changed->ephemeral_mb = *size;
    return changed;
  }

  void read_function(const Member& of) {
    of.only({"name", "memory", "timeout", "ephemeralStorage", "architecture", "reserved",
             "provisioned", "versions", "aliases", "retries", "maxEventAge", "duration", "init",
             "errors", "crashes", "memories", "traffic"});
    simulate::FunctionShape shape;
    shape.name = of.text("name").value_or("");
    if (shape.name.empty()) return of.fail("a function needs a name");
    shape.reserved = of.whole("reserved", 0, kMostUnits);
    if (of.value()["provisioned"].is_number() && of.value()["versions"].is_null())
      shape.provisioned = of.whole("provisioned", 0, kMostUnits).value_or(0);
    SimulatedFunction function = simulate::make_function(shape);
    model::Function& config = function.config;
    config.latest = with_sizes(of, config.latest);
    for (auto& [number, version] : config.versions.change()) version = with_sizes(of, version);
    if (const auto text = of.text("architecture")) {
      const auto architecture = cost::architecture_named(*text);
      if (!architecture) return of.at("architecture").fail("must be x86_64 or arm64");
      function.architecture = *architecture;
    }
    read_behaviour(of, function.behaviour);
    read_versions(of, function);
    read_events(of, config);
    const Member memories = of.at("memories");
    for (const Json::Member& member : memories.value().members()) {
      const Member size = memories.at(member.name);
      size.only({"duration", "init", "errors", "crashes"});
      const int memory_mb = std::atoi(member.name.c_str());
      if (memory_mb < 128 || memory_mb > 10'240 || std::to_string(memory_mb) != member.name)
        return size.fail("memory sizes are 128 to 10240 MB");
      Behaviour behaviour = function.behaviour;
      read_behaviour(size, behaviour);
      function.of_memory[memory_mb] = behaviour;
    }
    read_traffic(of, function);
    out_.scenario.functions.push_back(std::move(function));
  }

  static void read_versions(const Member& of, SimulatedFunction& function) {
    model::Function& config = function.config;
    const Member versions = of.at("versions"), aliases = of.at("aliases");
    for (const Json::Member& member : versions.value().members()) {
      const Member version = versions.at(member.name);
      version.only(
          {"memory", "timeout", "ephemeralStorage", "duration", "init", "errors", "crashes"});
      const int number = std::atoi(member.name.c_str());
      if (number < 1 || std::to_string(number) != member.name)
        return version.fail("versions are numbers from 1");
      auto changed = std::make_shared<model::FunctionConfig>(*with_sizes(version, config.latest));
      changed->version = member.name;
      config.versions[number] = std::move(changed);
      Behaviour behaviour = function.behaviour;
      read_behaviour(version, behaviour);
      function.of_version[member.name] = behaviour;
    }
    for (const Json::Member& member : aliases.value().members()) {
      const Member alias = aliases.at(member.name);
      model::Alias made;
      made.name = member.name;
      if (alias.value().is_text()) {
        made.function_version = alias.value().text();
      } else {
        alias.only({"version", "weights"});
        made.function_version = alias.text("version").value_or("");
        const Member weights = alias.at("weights");
        for (const Json::Member& weight : weights.value().members()) {
          if (made.additional_version) return weights.fail("an alias divides among two versions");
          made.additional_version = {weight.name, weights.share(weight.name).value_or(0)};
        }
      }
      config.aliases[made.name] = std::move(made);
    }
    const Member provisioned = of.at("provisioned");
    for (const Json::Member& member : provisioned.value().members())
      if (const auto units = provisioned.whole(member.name, 0, kMostUnits); units && *units > 0)
        config.provisioned[member.name] = {*units, {}};
    if (!provisioned.value().is_number() || !versions.is_there()) return;
    provisioned.fail("say of which alias or version: {\"live\": 10}");
  }

  static void read_events(const Member& of, model::Function& config) {
    model::EventInvokeConfig events;
    events.maximum_retry_attempts = of.whole("retries", 0, 2);
    if (const auto age = of.duration("maxEventAge"))
      events.maximum_event_age_s = static_cast<int>(*age / traffic::kSecond);
    if (!events.maximum_retry_attempts && !events.maximum_event_age_s) return;
    config.event_invoke[std::string(model::kLatest)] = events;
    for (const auto& [name, alias] : config.aliases) config.event_invoke[name] = events;
    for (const auto& [number, version] : config.versions)
      config.event_invoke[std::to_string(number)] = events;
  }

  void read_traffic(const Member& of, SimulatedFunction& function) {
    const Member traffic = of.at("traffic");
    if (!traffic.is_there()) return;
    if (!traffic.value().is_array()) return read_source(traffic, function);
    for (const Member& one : items(traffic)) read_source(one, function);
  }

  void read_source(const Member& of, SimulatedFunction& function) {
    simulate::Source source;
    // What is provisioned is called by its alias, unless it says otherwise.
    if (!function.config.provisioned.empty())
      source.qualifier = function.config.provisioned.begin()->first;
    std::optional<traffic::Traffic> made;
    if (of.value().is_text()) {
      made = of.take(traffic::Traffic::parse(of.value().text()));
    } else {
      of.only({"rate", "trace", "function", "counts", "step", "repeats", "times", "qualifier",
               "async", "errors", "errorsLast", "scale"});
      if (const auto qualifier = of.text("qualifier")) source.qualifier = *qualifier;
      if (of.boolean("async").value_or(false)) source.type = simulate::Source::Type::kAsynchronous;
      source.error_rate = of.share("errors");
      source.errors_last = of.boolean("errorsLast").value_or(false);
      made = shape_of(of, function);
      if (const auto factor = of.number("scale", 0, 1e6); factor && made)
        made = of.at("scale").take(made->scaled(*factor));
    }
    if (!made) return;
    source.traffic = *std::move(made);
    function.sources.push_back(std::move(source));
  }

  std::optional<traffic::Traffic> shape_of(const Member& of, SimulatedFunction& function) {
    if (const auto rate = of.text("rate"))
      return of.at("rate").take(traffic::Traffic::parse(*rate));
    if (const auto file = of.text("trace")) {
      auto trace = of.at("trace").take(read_trace_file(
          (folder_ / *file).string(), of.text("function").value_or(function.config.name())));
      if (!trace) return std::nullopt;
      out_.notes.insert(out_.notes.end(), trace->notes.begin(), trace->notes.end());
      if (trace->function.duration && !of.failed() && function.behaviour.duration.mean_ms() == 0)
        function.behaviour.duration = *trace->function.duration;
      return trace->function.traffic;
    }
    if (of.at("counts").is_there()) {
      traffic::Counts counts;
      counts.step = of.duration("step").value_or(counts.step);
      counts.repeats = of.boolean("repeats").value_or(false);
      for (const Member& item : items(of.at("counts"))) {
        const auto count = item.value().integer<uint32_t>();
        if (!count) {
          item.fail("must be a whole number of requests");
          return std::nullopt;
        }
        counts.requests.push_back(*count);
      }
      if (counts.step <= 0) of.at("step").fail("must be above 0");
      return traffic::Traffic(std::move(counts));
    }
    if (of.at("times").is_there()) {
      traffic::Times times;
      for (const Member& item : items(of.at("times"))) {
        const auto seconds = item.value().number();
        if (!seconds || *seconds < 0 || *seconds > 6e8) {
          item.fail("must be seconds from the beginning");
          return std::nullopt;
        }
        times.at.push_back(static_cast<traffic::Nanos>(*seconds * 1e9));
        if (times.at.size() > 1 && times.at.back() < times.at[times.at.size() - 2])
          item.fail("is before the one above; times are in order");
      }
      return traffic::Traffic(std::move(times));
    }
    of.fail("needs a rate, a trace, counts or times");
    return std::nullopt;
  }

  void read_control(const Member& root) {
    Scenario& scenario = out_.scenario;
    for (const Member& item : items(root.at("alarms")))
      if (auto alarm = item.take(survey::read_alarm(item.value(), scenario.region)))
        scenario.alarms.push_back(*std::move(alarm));
    for (const Member& item : items(root.at("scalableTargets")))
      if (auto target = item.take(survey::read_target(item.value())))
        scenario.targets.push_back(*std::move(target));
    for (const Member& item : items(root.at("scalingPolicies")))
      if (auto policy = item.take(survey::read_policy(item.value(), scenario.region)))
        scenario.policies.push_back({*std::move(policy), item.value().text_or("PolicyARN", "")});
    for (const Member& item : items(root.at("scheduledActions")))
      if (auto action = item.take(survey::read_action(item.value())))
        scenario.actions.push_back(*std::move(action));
  }

  void read_change(const Member& of) {
    of.only({"at", "function", "reserved", "provisioned", "qualifier"});
    simulate::Change change;
    change.at = of.duration("at").value_or(0);
    change.function = of.text("function").value_or("");
    if (const auto units = of.whole("provisioned", 0, kMostUnits)) {
      change.what = simulate::Change::Provision{of.text("qualifier").value_or("live"), *units};
    } else if (of.value().contains("reserved")) {
      change.what = simulate::Change::Reserve{of.whole("reserved", 0, kMostUnits)};
    } else {
      return of.fail("a change sets reserved (null: none) or provisioned");
    }
    out_.scenario.changes.push_back(std::move(change));
  }

  const std::filesystem::path folder_;
  ScenarioFile& out_;
};

}  // namespace

Result<ScenarioFile> read_scenario_file(const std::string& path, const std::string& region) {
  const Result<std::string> text = read_file(path, kLargestScenario);
  if (!text) return text.error();
  const Result<Json> document = Json::parse(*text);
  if (!document)
    return Error{ErrorKind::kInvalid, "Usage", "'" + path + "': " + document.error().message};
  ScenarioFile out;
  out.scenario.region = region;
  const Member root(*document, path);
  Reader(path, out).read(root);
  if (const auto read = root.result(); !read) return read.error();
  return out;
}

}  // namespace kiln::cli
