#include "simulate/study.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <tuple>

namespace kiln::simulate {
namespace {

using Setting = SweepAxis::Setting;

constexpr size_t kMostPoints = 10'000;
constexpr int kValues = 8;  // of a range without steps

struct SettingName {
  Setting setting;
  std::string_view name;
  bool whole;
  double least, most;
};
constexpr SettingName kSettings[] = {{Setting::kReserved, "reserved", true, 0, 1e6},
                                     {Setting::kProvisioned, "provisioned", true, 0, 1e6},
                                     {Setting::kTarget, "target", false, 0.1, 0.9},
                                     {Setting::kMemory, "memory", true, 128, 10'240}};

const SettingName& name_of(Setting setting) { return kSettings[static_cast<size_t>(setting)]; }

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

// Of "10..200:10", "10..200" or "5".
std::optional<std::vector<double>> values_of(std::string_view text, bool whole) {
  const size_t dots = text.find("..");
  if (dots == text.npos) {
    const auto value = number(text);
    if (!value) return {};
    return std::vector<double>{*value};
  }
  std::string_view rest = text.substr(dots + 2);
  double step = 0;
  if (const size_t colon = rest.find(':'); colon != rest.npos) {
    const auto given = number(rest.substr(colon + 1));
    if (!given || !(*given > 0)) return {};
    step = *given;
    rest = rest.substr(0, colon);
  }
  const auto from = number(text.substr(0, dots)), to = number(rest);
  if (!from || !to || !(*from <= *to)) return {};
  std::vector<double> values;
  if (step > 0) {
    // Half a step more: rounding must not lose the last one.
    for (double value = *from; value <= *to + step / 2 && values.size() <= kMostPoints;
         value = *from + step * static_cast<double>(values.size()))
      values.push_back(std::min(value, *to));
  } else {
    for (int i = 0; i < kValues; ++i) values.push_back(*from + (*to - *from) * i / (kValues - 1));
  }
  if (whole)
    for (double& value : values) value = std::round(value);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

model::ConfigPtr with_memory(const model::ConfigPtr& config, int memory_mb) {
  auto changed = std::make_shared<model::FunctionConfig>(*config);
  changed->memory_mb = memory_mb;
  return changed;
}

Result<void> set_provisioned(SimulatedFunction& function, Scenario& scenario, int units) {
  model::Function& config = function.config;
  if (config.provisioned.empty()) {
    // An alias that calls come by is what can be provisioned; else a version.
    std::string qualifier;
    for (const Source& source : function.sources)
      if (!source.qualifier.empty() && source.qualifier != model::kLatest)
        qualifier = source.qualifier;
    if (qualifier.empty())
      return wrong_scenario("provisioned: " + config.name() +
                            " is called without a version or alias, and $LATEST has no provisioned "
                            "concurrency; give its traffic a qualifier");
    config.provisioned[qualifier] = {1, {}};
  }
  const std::string qualifier = config.provisioned.begin()->first;
  if (units > 0)
    config.provisioned[qualifier].requested = units;
  else
    config.provisioned.erase(qualifier);
  // Scaling would move it to its limits at once.
  for (scaling::TargetInput& target : scenario.targets)
    if (target.resource.function_name == config.name() && target.resource.qualifier == qualifier) {
      target.min = units;
      target.max = std::max(target.max.value_or(units), units);
    }
  return {};
}

Result<void> set_memory(SimulatedFunction& function, int memory_mb) {
  model::Function& config = function.config;
  if (memory_mb == config.latest->memory_mb) return {};
  const auto measured = function.of_memory.find(memory_mb);
  if (measured == function.of_memory.end())
    return wrong_scenario(
        fmt::format("memory: how long {} takes with {} MB is not known; measure it with "
                    "kiln tune and give its result",
                    config.name(), memory_mb));
  function.behaviour = measured->second;
  config.latest = with_memory(config.latest, memory_mb);
  for (auto& [number, version] : config.versions.change())
    version = with_memory(version, memory_mb);
  return {};
}

Result<void> set_target(Scenario& scenario, const std::string& function, double value) {
  bool found = false;
  for (ScalingPolicy& policy : scenario.policies) {
    if (!policy.input.rule || policy.input.resource.function_name != function) continue;
    auto* tracking = std::get_if<scaling::TrackingPolicy>(&*policy.input.rule);
    if (!tracking) continue;
    tracking->target = value;
    found = true;
  }
  if (found) return {};
  return wrong_scenario("target: " + function +
                        " has no target tracking; --max N and --target PART give it one");
}

}  // namespace

void one_after_the_other(size_t count, const std::function<void(size_t)>& call) {
  for (size_t i = 0; i < count; ++i) call(i);
}

Result<Study> study(const Scenario& scenario, const StudyOptions& options) {
  struct Part {
    Summary summary;
    std::optional<Error> error;
  };
  std::vector<Part> parts(options.seeds);
  Study out;
  options.for_each(options.seeds, [&](size_t i) {
    auto result = simulate(scenario, {.seed = options.first_seed + i});
    if (!result) {
      parts[i].error = result.error();
      return;
    }
    parts[i].summary.add(*result, options.costing);
    if (i == 0) out.example = std::move(*result);
  });
  for (const Part& part : parts) {
    if (part.error) return *part.error;
    out.summary.merge(part.summary, options.costing);
  }
  return out;
}

Result<SweepAxis> SweepAxis::parse(std::string_view text) {
  const Error bad{ErrorKind::kInvalid, "Usage",
                  fmt::format("'{}' is no sweep; write reserved=10..200, provisioned=0..50:10, "
                              "target=0.5..0.9 or memory=128,256,512, with the function's name "
                              "before it where there are several: orders.reserved=…",
                              text)};
  const size_t equals = text.find('=');
  if (equals == text.npos) return bad;
  std::string_view name = text.substr(0, equals);
  SweepAxis axis;
  if (const size_t dot = name.rfind('.'); dot != name.npos) {
    axis.function = name.substr(0, dot);
    name = name.substr(dot + 1);
  }
  const auto* found = std::find_if(std::begin(kSettings), std::end(kSettings),
                                   [&](const SettingName& each) { return each.name == name; });
  if (found == std::end(kSettings)) return bad;
  axis.setting = found->setting;
  std::string_view rest = text.substr(equals + 1);
  while (true) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const auto values = values_of(rest.substr(0, comma), found->whole);
    if (!values) return bad;
    axis.values.insert(axis.values.end(), values->begin(), values->end());
    if (comma == rest.size()) break;
    rest.remove_prefix(comma + 1);
  }
  for (const double value : axis.values)
    if (!(value >= found->least && value <= found->most) ||
        (found->whole && value != std::round(value)))
      return Error{
          ErrorKind::kInvalid, "Usage",
          fmt::format("{} can't be {:g}; it is {} from {:g} to {:g}", found->name, value,
                      found->whole ? "a whole number" : "a number", found->least, found->most)};
  return axis;
}

std::string SweepAxis::name() const {
  const std::string plain(name_of(setting).name);
  return function.empty() ? plain : function + "." + plain;
}

Result<Scenario> varied(const Scenario& scenario, const SweepAxis& axis, double value) {
  Scenario changed = scenario;
  bool found = false;
  for (SimulatedFunction& function : changed.functions) {
    if (!axis.function.empty() && function.config.name() != axis.function) continue;
    found = true;
    const int whole = static_cast<int>(value);
    Result<void> done;
    switch (axis.setting) {
      case Setting::kReserved:
        function.config.reserved_concurrency = whole;
        break;
      case Setting::kProvisioned:
        done = set_provisioned(function, changed, whole);
        break;
      case Setting::kTarget:
        done = set_target(changed, function.config.name(), value);
        break;
      case Setting::kMemory:
        done = set_memory(function, whole);
        break;
    }
    if (!done) return done.error();
  }
  if (!found) return wrong_scenario(axis.name() + ": there is no function '" + axis.function + "'");
  return changed;
}

Result<std::vector<SweepPoint>> sweep(const Scenario& scenario, const std::vector<SweepAxis>& axes,
                                      const StudyOptions& options) {
  std::vector<SweepPoint> points(1);
  for (const SweepAxis& axis : axes) {
    std::vector<SweepPoint> more;
    for (const SweepPoint& point : points)
      for (const double value : axis.values) {
        more.push_back(point);
        more.back().values.push_back(value);
        if (more.size() > kMostPoints)
          return wrong_scenario(fmt::format(
              "there are more than {} combinations; sweep in larger steps", kMostPoints));
      }
    points = std::move(more);
  }
  std::vector<Scenario> variants;
  for (SweepPoint& point : points) {
    Scenario variant = scenario;
    for (size_t i = 0; i < axes.size(); ++i) {
      auto changed = varied(variant, axes[i], point.values[i]);
      if (!changed) return changed.error();
      variant = std::move(*changed);
    }
    if (const auto checked = check(variant); !checked) point.refused = checked.error().message;
    variants.push_back(std::move(variant));
  }
  if (std::all_of(points.begin(), points.end(),
                  [](const SweepPoint& point) { return !point.refused.empty(); }))
    return wrong_scenario(points.front().refused);

  std::vector<Summary> parts(points.size() * options.seeds);
  std::vector<std::string> refusals(parts.size());
  options.for_each(parts.size(), [&](size_t i) {
    const size_t at = i / options.seeds;
    if (!points[at].refused.empty()) return;
    const auto result =
        simulate(variants[at], {.seed = options.first_seed + i % options.seeds, .slices = 100});
    if (result)
      parts[i].add(*result, options.costing);
    else
      refusals[i] = result.error().message;
  });
  for (size_t i = 0; i < parts.size(); ++i) {
    SweepPoint& point = points[i / options.seeds];
    if (!refusals[i].empty()) point.refused = refusals[i];
    point.summary.merge(parts[i], options.costing);
  }
  return points;
}

std::optional<size_t> best(const std::vector<SweepPoint>& points, const Wanted& wanted) {
  std::optional<size_t> found;
  const auto rank = [&](const SweepPoint& point) {
    const auto mean = [&](Figure figure) { return point.summary.of(Summary::kAll, figure).mean; };
    return std::tuple(mean(Figure::kMonthlyCost), mean(Figure::kThrottles), mean(Figure::kP99Ms));
  };
  for (size_t i = 0; i < points.size(); ++i) {
    const Summary& summary = points[i].summary;
    if (!points[i].refused.empty()) continue;
    if (summary.of(Summary::kAll, Figure::kColdShare).mean > wanted.cold_share ||
        summary.of(Summary::kAll, Figure::kThrottleShare).mean > wanted.throttle_share ||
        summary.of(Summary::kAll, Figure::kP99Ms).mean > wanted.p99_ms)
      continue;
    if (!found || rank(points[i]) < rank(points[*found])) found = i;
  }
  return found;
}

}  // namespace kiln::simulate
