#include "lint/memory_use.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

namespace kiln::lint {
namespace {

constexpr int64_t kMostMemory = 1'000'000;  // MB; more is nonsense that a function printed
constexpr size_t kLongestEvent = 65'536;
constexpr size_t kRandomPart = 13;       // "-" and 12 letters or digits
constexpr size_t kUncutNames = 64 - 14;  // stack's name and logical id, before they are cut

// The number behind `label`, which a tab or the line's beginning precedes.
std::optional<int64_t> number_behind(std::string_view line, std::string_view label) {
  const size_t at = line.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = line.substr(at + label.size());
  int64_t number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (error != std::errc()) return std::nullopt;
  if (!std::string_view(end, rest.data() + rest.size()).starts_with(" MB")) return std::nullopt;
  return number;
}

bool add(std::optional<int64_t> size, std::optional<int64_t> used, MemoryUse& use) {
  const auto is_likely = [](std::optional<int64_t> mb) {
    return mb && *mb >= 0 && *mb <= kMostMemory;
  };
  if (!is_likely(size) || !is_likely(used)) return false;
  ++use.reports;
  if (*used > use.max_used_mb || use.reports == 1) {
    use.max_used_mb = *used;
    use.memory_mb = *size;
  }
  return true;
}

std::optional<int64_t> metric(const nlohmann::json& metrics, const char* name) {
  const auto found = metrics.find(name);
  if (found == metrics.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<int64_t>();
}

bool add_report_event(std::string_view line, MemoryUse& use) {
  if (line.size() > kLongestEvent) return false;
  const nlohmann::json event = nlohmann::json::parse(line, nullptr, false);
  if (!event.is_object() || event.value("type", nlohmann::json()) != "platform.report")
    return false;
  const auto record = event.find("record");
  if (record == event.end() || !record->is_object()) return false;
  const auto metrics = record->find("metrics");
  if (metrics == record->end() || !metrics->is_object()) return false;
  return add(metric(*metrics, "memorySizeMB"), metric(*metrics, "maxMemoryUsedMB"), use);
}

bool is_random_part(std::string_view text) {
  return text.front() == '-' && std::all_of(text.begin() + 1, text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
         });
}

}  // namespace

bool add_report_line(std::string_view line, MemoryUse& use) {
  if (line.starts_with("REPORT RequestId: ")) {
    return add(number_behind(line, "\tMemory Size: "), number_behind(line, "\tMax Memory Used: "),
               use);
  }
  return line.starts_with('{') && line.find("platform.report") != std::string_view::npos &&
         add_report_event(line, use);
}

bool runs_as(const Function& function, const std::string& stack_name, std::string_view name) {
  if (!has_stand_in(function.name)) return function.name == name;
  if (name.size() <= kRandomPart) return false;
  const std::string_view random = name.substr(name.size() - kRandomPart);
  if (!is_random_part(random)) return false;
  const std::string_view rest = name.substr(0, name.size() - kRandomPart);
  const std::string& id = function.origin.logical_id;
  if (stack_name.size() + id.size() <= kUncutNames) return rest == stack_name + "-" + id;
  for (size_t dash = rest.find('-'); dash != std::string_view::npos;
       dash = rest.find('-', dash + 1)) {
    const std::string_view first = rest.substr(0, dash), second = rest.substr(dash + 1);
    if (!first.empty() && !second.empty() && std::string_view(stack_name).starts_with(first) &&
        std::string_view(id).starts_with(second)) {
      return true;
    }
  }
  return false;
}

}  // namespace kiln::lint
