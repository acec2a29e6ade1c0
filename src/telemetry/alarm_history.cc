#include "telemetry/alarm_history.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/ascii.h"
#include "base/document_reader.h"
#include "base/json_access.h"
#include "base/time_format.h"
#include "telemetry/alarm_document.h"

namespace kiln::telemetry {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

std::string history_key(const std::string& name, uint64_t number) {
  return fmt::format("{}/{:016}", name, number);
}

ordered_json state_document(const AlarmStatus& status) {
  ordered_json out{{"stateValue", to_text(status.state)}, {"stateReason", status.reason}};
  const auto data = json_parse<ordered_json>(status.reason_data);
  if (!status.reason_data.empty() && !data.is_discarded()) out["stateReasonData"] = data;
  return out;
}

// AlarmName becomes alarmName, OKActions okActions.
std::string camel_case(std::string name) {
  for (size_t i = 0; i < name.size() && ascii::is_upper(name[i]); ++i) {
    const bool last_of_run = i > 0 && i + 1 < name.size() && name[i + 1] >= 'a';
    if (last_of_run) break;
    name[i] = static_cast<char>(name[i] - 'A' + 'a');
  }
  return name;
}

ordered_json camel_case_document(const json& document) {
  if (document.is_array()) {
    ordered_json out = ordered_json::array();
    for (const json& item : document) out.push_back(camel_case_document(item));
    return out;
  }
  if (!document.is_object()) return ordered_json(document);
  ordered_json out = ordered_json::object();
  for (const auto& [name, value] : document.items())
    out[camel_case(name)] = camel_case_document(value);
  return out;
}

}  // namespace

void AlarmHistory::drop_first(const std::string& region, const std::string& name, Items& items) {
  // One that stays on disk is dropped again after the next start.
  (void)port_.erase(kKind, region, history_key(name, items.begin()->first));
  items.erase(items.begin());
}

void AlarmHistory::add(const std::string& region, const std::string& name, AlarmHistoryItem item) {
  Items& items = regions_[region][name];
  const uint64_t number =
      items.empty() ? static_cast<uint64_t>(epoch_ms(item.at)) : items.rbegin()->first + 1;
  const ordered_json document{{"at_ms", epoch_ms(item.at)},
                              {"type", item.type},
                              {"summary", item.summary},
                              {"data", item.data},
                              {"composite", item.of_composite}};
  (void)port_.save(kKind, region, history_key(name, number), json_dump(document));
  items.emplace(number, std::move(item));
  while (items.size() > kMaxItems) drop_first(region, name, items);
}

Result<void> AlarmHistory::load(const std::string& region, const std::string& key,
                                const std::string& text) {
  const size_t slash = key.rfind('/');
  uint64_t number = 0;
  const bool numbered =
      slash != key.npos &&
      std::from_chars(key.data() + slash + 1, key.data() + key.size(), number).ec == std::errc();
  std::string problem;
  const json document = json_parse(text);
  const DocumentReader in(document, problem);
  AlarmHistoryItem item{in.get<WallTime>("at_ms"), in.get<std::string>("type"),
                        in.get<std::string>("summary"), in.get<std::string>("data"),
                        in.get<bool>("composite")};
  if (numbered && problem.empty()) {
    regions_[region][key.substr(0, slash)][number] = std::move(item);
    return {};
  }
  return Error{ErrorKind::kInternal, "InternalServiceFault",
               "A stored history item of an alarm can't be read: " + region + " " + key};
}

void AlarmHistory::prune(WallTime now) {
  for (auto& [region, alarms] : regions_) {
    for (auto alarm = alarms.begin(); alarm != alarms.end();) {
      Items& items = alarm->second;
      while (!items.empty() && items.begin()->second.at < now - kKept)
        drop_first(region, alarm->first, items);
      alarm = items.empty() ? alarms.erase(alarm) : std::next(alarm);
    }
  }
}

const std::map<std::string, AlarmHistory::Items>& AlarmHistory::of_region(
    const std::string& region) const {
  static const std::map<std::string, Items> kNone;
  const auto found = regions_.find(region);
  return found == regions_.end() ? kNone : found->second;
}

AlarmHistoryItem configuration_item(ConfigurationChange change, const Alarm& alarm,
                                    const std::string& account, WallTime now) {
  const char* type = change == ConfigurationChange::kCreate   ? "Create"
                     : change == ConfigurationChange::kUpdate ? "Update"
                                                              : "Delete";
  const char* done = change == ConfigurationChange::kCreate   ? "created"
                     : change == ConfigurationChange::kUpdate ? "updated"
                                                              : "deleted";
  ordered_json data{{"version", "1.0"}, {"type", type}};
  ordered_json document = camel_case_document(config_document(alarm));
  document["alarmArn"] = alarm_arn(alarm.config.region, account, alarm.config.name);
  document["alarmConfigurationUpdatedTimestamp"] = format_lambda_time(alarm.configuration_updated);
  document["stateValue"] = to_text(alarm.status.state);
  document["stateUpdatedTimestamp"] = format_lambda_time(alarm.status.updated);
  data[std::string(done) + "Alarm"] = std::move(document);
  return {now, "ConfigurationUpdate", std::string("Alarm \"") + alarm.config.name + "\" " + done,
          json_dump(data), alarm.is_composite()};
}

AlarmHistoryItem state_item(const AlarmStatus& from, const AlarmStatus& to, bool of_composite) {
  const ordered_json data{
      {"version", "1.0"}, {"oldState", state_document(from)}, {"newState", state_document(to)}};
  return {to.updated, "StateUpdate",
          fmt::format("Alarm updated from {} to {}", to_text(from.state), to_text(to.state)),
          json_dump(data), of_composite};
}

}  // namespace kiln::telemetry
