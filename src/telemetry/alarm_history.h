// What happened to alarms: configuration changes, state changes and actions, for two weeks, also of
// alarms that are gone.
//
// Each item is a document of kind "alarm-history" of its own, with the key NAME/NUMBER. That a
// document can't be saved is no error: the item is lost at the next start. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "telemetry/alarm_record.h"

namespace kiln::telemetry {

struct AlarmHistoryItem {
  WallTime at;
  std::string type;     // "ConfigurationUpdate", "StateUpdate", "Action"
  std::string summary;  // "Alarm updated from OK to ALARM"
  std::string data;     // JSON
  bool of_composite = false;
};

class AlarmHistory {
 public:
  static constexpr auto kKept = std::chrono::hours(14 * 24);
  static constexpr size_t kMaxItems = 2000;  // of one alarm
  static constexpr const char* kKind = "alarm-history";

  // `port` outlives the history.
  explicit AlarmHistory(StatePort& port) : port_(port) {}

  void add(const std::string& region, const std::string& name, AlarmHistoryItem item);
  Result<void> load(const std::string& region, const std::string& key, const std::string& text);
  // Drops what is older than kKept.
  void prune(WallTime now);

  using Items = std::map<uint64_t, AlarmHistoryItem>;  // oldest first
  // By alarm's name.
  const std::map<std::string, Items>& of_region(const std::string& region) const;

 private:
  void drop_first(const std::string& region, const std::string& name, Items& items);

  StatePort& port_;
  std::map<std::string, std::map<std::string, Items>> regions_;
};

// What the items say. `account` is for the alarm's ARN.
enum class ConfigurationChange { kCreate, kUpdate, kDelete };
AlarmHistoryItem configuration_item(ConfigurationChange change, const Alarm& alarm,
                                    const std::string& account, WallTime now);
AlarmHistoryItem state_item(const AlarmStatus& from, const AlarmStatus& to, bool of_composite);

}  // namespace kiln::telemetry
