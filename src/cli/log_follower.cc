#include "cli/log_follower.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/function_api.h"

namespace kiln::cli {
namespace {

constexpr int64_t kLateMs = 5000;  // how late an event of another stream may come

}  // namespace

LogFollower::LogFollower(ApiClient& client, std::string group, int64_t start_ms,
                         std::string pattern)
    : client_(client),
      group_(std::move(group)),
      pattern_(std::move(pattern)),
      start_ms_(start_ms) {}

Result<std::vector<LogLine>> LogFollower::poll() {
  std::vector<LogLine> fresh;
  std::map<std::string, int> repeats;  // equal lines of one answer are different events
  std::string token;
  do {
    nlohmann::json body = {{"logGroupName", group_}, {"startTime", start_ms_}};
    if (!pattern_.empty()) body["filterPattern"] = pattern_;
    if (!token.empty()) body["nextToken"] = token;
    Result<nlohmann::json> page = json_call(client_, "logs", "Logs_20140328.FilterLogEvents", body);
    if (!page) return page.error();
    const std::string next = string_at(*page, "nextToken");
    if (page->is_object() && page->contains("events")) {
      for (const nlohmann::json& event : (*page)["events"]) {
        LogLine line{number_at(event, "timestamp"), string_at(event, "logStreamName"),
                     string_at(event, "message")};
        std::string key = string_at(event, "eventId");
        if (key.empty()) {
          key = line.stream + '\n' + std::to_string(line.timestamp_ms) + '\n' + line.message;
          key += '\n' + std::to_string(repeats[key]++);
        }
        if (!seen_.emplace(std::move(key), line.timestamp_ms).second) continue;
        newest_ms_ = std::max(newest_ms_, line.timestamp_ms);
        fresh.push_back(std::move(line));
      }
    }
    if (next == token) break;
    token = next;
  } while (!token.empty());
  start_ms_ = std::max(start_ms_, newest_ms_ - kLateMs);
  std::erase_if(seen_, [this](const auto& item) { return item.second < start_ms_; });
  return fresh;
}

}  // namespace kiln::cli
