#include "cli/template_usage.h"

#include <algorithm>

namespace kiln::cli {
namespace {

using lint::Function;
using lint::Model;

// The value of a setting, or what AWS takes for an absent one; an unknown one is noted.
template <class T>
T known(const lint::Setting<T>& setting, T otherwise, const Function& function,
        const std::string& what, std::vector<std::string>& notes) {
  const std::optional<T> value = setting.value_or(otherwise);
  if (value) return *value;
  notes.push_back(function.origin.logical_id + "'s " + what +
                  " is not known before the deployment (--parameter may give it); taken as AWS's "
                  "default");
  return otherwise;
}

const cost::FunctionTraffic* traffic_of(const Function& function,
                                        const cost::TrafficProfile& traffic,
                                        std::set<std::string>& used) {
  for (const std::string& name : {function.origin.logical_id, function.name}) {
    if (traffic.functions.contains(name)) {
      used.insert(name);
      return traffic.of(name);
    }
  }
  return traffic.otherwise ? &*traffic.otherwise : nullptr;
}

int64_t sum_of_provisioned(const Model& model, size_t function, std::vector<std::string>& notes) {
  int64_t sum = 0;
  for (const lint::Qualifier* qualifier : model.qualifiers_of(function)) {
    sum += qualifier->provisioned.value().value_or(0);
    if (model.target_of(*qualifier) != nullptr) {
      notes.push_back(model.functions[function].origin.logical_id +
                      "'s provisioned concurrency is scaled; counted as it is configured");
    }
  }
  return sum;
}

cost::FunctionSettings priced_settings(const Model& model, size_t index,
                                       std::vector<std::string>& notes) {
  const Function& function = model.functions[index];
  cost::FunctionSettings settings{.function = function.origin.logical_id};
  constexpr int64_t kMemory = 128, kStorage = 512;
  settings.memory_mb = known(function.memory_mb, kMemory, function, "MemorySize", notes);
  settings.storage_mb = known(function.storage_mb, kStorage, function, "EphemeralStorage", notes);
  settings.architecture =
      cost::architecture_named(
          known(function.architecture, std::string("x86_64"), function, "architecture", notes))
          .value_or(cost::Architecture::kX86_64);
  settings.provisioned = sum_of_provisioned(model, index, notes);
  if (function.snap_start.value() == "PublishedVersions") {
    const bool java = function.runtime.value().value_or("").starts_with("java");
    settings.snap_start = java ? cost::SnapStart::kJava : cost::SnapStart::kYes;
  }
  return settings;
}

void add_alarms(const Model& model, TemplateUsage& usage) {
  std::map<std::string, double> by_region;
  for (const lint::Alarm& alarm : model.alarms) {
    by_region[model.stacks[alarm.origin.stack].region] +=
        static_cast<double>(std::max<size_t>(alarm.metrics.size(), 1));
  }
  for (const auto& [region, metrics] : by_region) {
    cost::Usage alarms{.function = "(alarms)"};
    alarms[cost::Item::kAlarms] = metrics;
    usage.by_region[region].push_back(alarms);
  }
}

}  // namespace

Result<TemplateUsage> template_usage(const Model& model, const cost::TrafficProfile& traffic) {
  TemplateUsage usage;
  for (size_t i = 0; i < model.functions.size(); ++i) {
    const Function& function = model.functions[i];
    const cost::FunctionTraffic* calls = traffic_of(function, traffic, usage.named);
    if (calls == nullptr) {
      usage.notes.push_back(function.origin.logical_id +
                            " is not in the traffic: counted as unused");
      continue;
    }
    Result<cost::Usage> month = cost::usage_of(priced_settings(model, i, usage.notes), *calls);
    if (!month) return month.error();
    usage.by_region[model.stacks[function.origin.stack].region].push_back(*std::move(month));
  }
  add_alarms(model, usage);
  return usage;
}

Result<void> check_names(const cost::TrafficProfile& traffic, const std::set<std::string>& named) {
  for (const auto& one : traffic.functions) {
    if (!named.contains(one.first)) {
      return Error{ErrorKind::kInvalid, "Usage",
                   "the traffic names the function '" + one.first + "', which no template has"};
    }
  }
  return {};
}

}  // namespace kiln::cli
