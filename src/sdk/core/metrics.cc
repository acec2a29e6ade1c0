#include "kiln/metrics.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <stdexcept>

#include "sdk/core/text.h"

namespace kiln {
namespace {

constexpr std::string_view kUnitNames[] = {"None",
                                           "Seconds",
                                           "Microseconds",
                                           "Milliseconds",
                                           "Bytes",
                                           "Kilobytes",
                                           "Megabytes",
                                           "Gigabytes",
                                           "Terabytes",
                                           "Bits",
                                           "Kilobits",
                                           "Megabits",
                                           "Gigabits",
                                           "Terabits",
                                           "Percent",
                                           "Count",
                                           "Bytes/Second",
                                           "Kilobytes/Second",
                                           "Megabytes/Second",
                                           "Gigabytes/Second",
                                           "Terabytes/Second",
                                           "Bits/Second",
                                           "Kilobits/Second",
                                           "Megabits/Second",
                                           "Gigabits/Second",
                                           "Terabits/Second",
                                           "Count/Second"};
static_assert(std::size(kUnitNames) == static_cast<size_t>(Unit::kCountPerSecond) + 1);

void require_text(std::string_view what, std::string_view text) {
  if (!text.empty() && text.size() <= Metrics::kMaxNameLength &&
      text.find_first_not_of(" \t\r\n") != std::string_view::npos) {
    return;
  }
  throw std::invalid_argument("Metrics: " + std::string(what) + " '" +
                              std::string(text.substr(0, 40)) + "' must have 1 to " +
                              std::to_string(Metrics::kMaxNameLength) + " characters");
}

std::string json_of(const log::Value& value) {
  std::string json;
  switch (value.kind()) {
    case log::Value::Kind::kText:
      sdk::append_json_string(json, value.text());
      break;
    case log::Value::Kind::kInteger:
      sdk::append_integer(json, value.integer());
      break;
    case log::Value::Kind::kUnsigned:
      sdk::append_unsigned(json, value.unsigned_integer());
      break;
    case log::Value::Kind::kReal:
      sdk::append_real(json, value.real());
      break;
    case log::Value::Kind::kBoolean:
      json = value.integer() ? "true" : "false";
      break;
  }
  return json;
}

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return;  // metrics that nobody reads: there is no one to tell
    }
    text.remove_prefix(static_cast<size_t>(written));
  }
}

template <class Items>
auto find(Items& items, std::string_view name) {
  return std::find_if(items.begin(), items.end(),
                      [name](const auto& item) { return item.name == name; });
}

template <class Items>
void set(Items& items, std::string_view name, std::string json) {
  if (const auto found = find(items, name); found != items.end()) {
    found->json = std::move(json);
  } else {
    items.push_back({std::string(name), std::move(json)});
  }
}

}  // namespace

std::string_view unit_name(Unit unit) { return kUnitNames[static_cast<size_t>(unit)]; }

struct Metrics::Slice {
  const Metric* metric;
  size_t begin;
  size_t end;
};

Metrics::Metrics(std::string_view name_space) : namespace_(name_space) {
  require_text("the namespace", name_space);
}

Metrics::~Metrics() {
  try {
    flush();
  } catch (...) {  // without memory there are no metrics
  }
}

void Metrics::require_free(std::string_view name, Role role) const {
  const bool taken = name == "_aws" ||
                     (role != Role::kDimension && find(dimensions_, name) != dimensions_.end()) ||
                     (role != Role::kProperty && find(properties_, name) != properties_.end()) ||
                     (role != Role::kMetric && find(metrics_, name) != metrics_.end());
  if (taken) {
    throw std::invalid_argument("Metrics: the name '" + std::string(name) +
                                "' is already that of something else; choose another");
  }
}

void Metrics::dimension(std::string_view name, std::string_view value) {
  require_text("the dimension", name);
  require_text("the value of a dimension", value);
  require_free(name, Role::kDimension);
  if (dimensions_.size() >= kMaxDimensions && find(dimensions_, name) == dimensions_.end()) {
    throw std::invalid_argument("Metrics: '" + std::string(name) + "' would be dimension " +
                                std::to_string(kMaxDimensions + 1) + "; CloudWatch takes " +
                                std::to_string(kMaxDimensions) + ", make it a property");
  }
  set(dimensions_, name, json_of(value));
}

void Metrics::property(std::string_view name, log::Value value) {
  require_text("the property", name);
  require_free(name, Role::kProperty);
  set(properties_, name, json_of(value));
}

void Metrics::add(std::string_view name, double value, Unit unit) {
  require_text("the metric", name);
  require_free(name, Role::kMetric);
  if (!std::isfinite(value)) {
    throw std::invalid_argument("Metrics: the value of '" + std::string(name) +
                                "' must be a finite number");
  }
  const auto found = find(metrics_, name);
  if (found == metrics_.end()) {
    metrics_.push_back({std::string(name), unit, {value}});
    return;
  }
  if (found->unit != unit) {
    throw std::invalid_argument("Metrics: '" + std::string(name) + "' has the unit " +
                                std::string(unit_name(found->unit)) + ", not " +
                                std::string(unit_name(unit)));
  }
  found->values.push_back(value);
}

std::string Metrics::line(const std::vector<Slice>& slices, int64_t epoch_ms) const {
  std::string out = "{\"_aws\":{\"Timestamp\":";
  sdk::append_integer(out, epoch_ms);
  out += ",\"CloudWatchMetrics\":[{\"Namespace\":";
  sdk::append_json_string(out, namespace_);
  out += ",\"Dimensions\":[[";
  for (const Text& dimension : dimensions_) {
    if (&dimension != &dimensions_.front()) out += ',';
    sdk::append_json_string(out, dimension.name);
  }
  out += "]],\"Metrics\":[";
  for (const Slice& slice : slices) {
    if (&slice != &slices.front()) out += ',';
    out += "{\"Name\":";
    sdk::append_json_string(out, slice.metric->name);
    out += ",\"Unit\":\"";
    out += unit_name(slice.metric->unit);
    out += "\"}";
  }
  out += "]}]}";
  const auto member = [&out](std::string_view name) {
    out += ',';
    sdk::append_json_string(out, name);
    out += ':';
  };
  for (const auto* texts : {&dimensions_, &properties_}) {
    for (const Text& text : *texts) {
      member(text.name);
      out += text.json;
    }
  }
  for (const Slice& slice : slices) {
    member(slice.metric->name);
    const bool several = slice.end - slice.begin > 1;
    if (several) out += '[';
    for (size_t i = slice.begin; i < slice.end; ++i) {
      if (i != slice.begin) out += ',';
      sdk::append_real(out, slice.metric->values[i]);
    }
    if (several) out += ']';
  }
  out += "}\n";
  return out;
}

std::vector<std::string> Metrics::lines(std::chrono::system_clock::time_point now) const {
  const int64_t epoch_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  // A metric with many values is cut, and a line can't have the same name twice: the n-th cuts of
  // all metrics share lines.
  std::vector<std::string> result;
  std::vector<Slice> slices;
  for (size_t begin = 0;; begin += kMaxValuesPerMetric) {
    bool any = false;
    for (const Metric& metric : metrics_) {
      if (metric.values.size() <= begin) continue;
      any = true;
      slices.push_back(
          {&metric, begin, std::min(begin + kMaxValuesPerMetric, metric.values.size())});
      if (slices.size() == kMaxMetricsPerLine) {
        result.push_back(line(slices, epoch_ms));
        slices.clear();
      }
    }
    if (!slices.empty()) result.push_back(line(slices, epoch_ms));
    slices.clear();
    if (!any) return result;
  }
}

void Metrics::flush() {
  if (metrics_.empty()) return;
  for (const std::string& text : lines(std::chrono::system_clock::now())) write_all(text);
  metrics_.clear();
}

}  // namespace kiln
