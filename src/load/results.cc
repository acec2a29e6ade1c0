#include "load/results.h"

#include <algorithm>

#include "base/statistics.h"

namespace kiln::load {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr size_t kMostSeconds = 7 * 86'400;  // a week; what comes later counts there
constexpr size_t kMostReasons = 50;

bool is_answer(Kind kind) {
  return kind == Kind::kWarm || kind == Kind::kCold || kind == Kind::kAnswered;
}

double part_of(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return percentile(values, part);
}

}  // namespace

std::string_view name_of(Kind kind) {
  constexpr std::array<std::string_view, kKinds> kNames = {
      "warm", "cold", "answered", "accepted", "throttled", "error", "failed"};
  return kNames[static_cast<size_t>(kind)];
}

void Results::add(const Entry& entry) {
  const auto kind = static_cast<size_t>(entry.kind);
  ++total_;
  latencies_[kind].push_back(entry.latency_ms);
  if (!entry.reason.empty()) {
    std::map<std::string, int64_t>& reasons = reasons_[kind];
    const std::string reason(entry.reason);
    if (reasons.size() < kMostReasons || reasons.contains(reason))
      ++reasons[reason];
    else
      ++reasons["others"];
  }
  const auto second =
      std::min(static_cast<size_t>(std::max<int64_t>(entry.due_ns, 0) / kSecond), kMostSeconds - 1);
  if (slots_.size() <= second) slots_.resize(second + 1);
  ++slots_[second].counts[kind];
  if (is_answer(entry.kind))
    slots_[second].answered_ms.push_back(static_cast<float>(entry.latency_ms));
}

int64_t Results::count(Kind kind) const {
  return static_cast<int64_t>(latencies_[static_cast<size_t>(kind)].size());
}

const std::map<std::string, int64_t>& Results::reasons(Kind kind) const {
  return reasons_[static_cast<size_t>(kind)];
}

double Results::latency_ms(Kind kind, double part) const {
  return part_of(latencies_[static_cast<size_t>(kind)], part);
}

double Results::answered_latency_ms(double part) const {
  std::vector<double> all;
  for (const Kind kind : kAllKinds) {
    const auto& some = latencies_[static_cast<size_t>(kind)];
    if (is_answer(kind)) all.insert(all.end(), some.begin(), some.end());
  }
  return part_of(std::move(all), part);
}

std::vector<Results::Second> Results::seconds() const {
  std::vector<Second> found;
  found.reserve(slots_.size());
  for (const Slot& slot : slots_) {
    const std::vector<double> values(slot.answered_ms.begin(), slot.answered_ms.end());
    found.push_back({slot.counts, part_of(values, 0.5), part_of(values, 0.99)});
  }
  return found;
}

}  // namespace kiln::load
