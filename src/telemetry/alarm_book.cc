#include "telemetry/alarm_book.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "telemetry/alarm_document.h"

namespace kiln::telemetry {
namespace {

constexpr const char* kCreated = "Unchecked: Initial alarm creation";

Error invalid_alarm(std::string message) {
  return {ErrorKind::kInvalid, "ValidationError", std::move(message)};
}

Error not_found(const std::string& name) {
  return {ErrorKind::kNotFound, "ResourceNotFound", "Unknown alarm: " + name};
}

std::string joined(const std::vector<std::string>& names, const char* separator) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : separator) + name;
  return text;
}

}  // namespace

Result<void> AlarmBook::load(const std::string& kind, const std::string& region,
                             const std::string& key, const std::string& text) {
  if (kind == AlarmHistory::kKind) return history_.load(region, key, text);
  if (kind != kMetricKind && kind != kCompositeKind)
    return Error{ErrorKind::kInternal, "InternalServiceFault",
                 "Documents of kind " + kind + " are no alarms."};
  auto alarm = parse_alarm(region, text);
  if (!alarm) return alarm.error();
  if (alarm->is_composite()) stale_.emplace(Key{region, alarm->config.name}, Trigger::kChild);
  std::string name = alarm->config.name;
  regions_[region].insert_or_assign(std::move(name), std::move(*alarm));
  return {};
}

const Alarm* AlarmBook::find(const std::string& region, const std::string& name) const {
  const auto& alarms = list(region);
  const auto found = alarms.find(name);
  return found == alarms.end() ? nullptr : &found->second;
}

Alarm* AlarmBook::edit(const std::string& region, const std::string& name) {
  return const_cast<Alarm*>(find(region, name));
}

const std::map<std::string, Alarm>& AlarmBook::list(const std::string& region) const {
  static const std::map<std::string, Alarm> kNone;
  const auto found = regions_.find(region);
  return found == regions_.end() ? kNone : found->second;
}

std::string AlarmBook::name_of(const std::string& region, const std::string& name_or_arn) const {
  if (!name_or_arn.starts_with("arn:")) return name_or_arn;
  const std::string prefix = alarm_arn(region, account_, "");
  return name_or_arn.starts_with(prefix) ? name_or_arn.substr(prefix.size()) : "";
}

std::vector<std::string> AlarmBook::children(const Alarm& composite) const {
  std::vector<std::string> names;
  if (!composite.rule) return names;
  for (const std::string& reference : composite.rule->alarms())
    names.push_back(name_of(composite.config.region, reference));
  return names;
}

// Its rule's alarms and its suppressor.
std::vector<std::string> AlarmBook::needed_by(const Alarm& composite) const {
  std::vector<std::string> names = children(composite);
  if (const auto& suppressor = composite.suppressor)
    names.push_back(name_of(composite.config.region, suppressor->alarm));
  return names;
}

Result<void> AlarmBook::save(const Alarm& alarm) {
  return port_.save(alarm.is_composite() ? kCompositeKind : kMetricKind, alarm.config.region,
                    alarm.config.name, alarm_text(alarm));
}

Result<void> AlarmBook::put(AlarmConfig config, Tags tags_if_new, WallTime now) {
  Alarm alarm;
  alarm.config = std::move(config);
  return put_alarm(std::move(alarm), std::move(tags_if_new), now);
}

Result<void> AlarmBook::put_composite(AlarmConfig config, CompositeRule rule, Tags tags_if_new,
                                      WallTime now, std::optional<ActionsSuppressor> suppressor) {
  if (const auto checked = check_rule(config, rule); !checked) return checked;
  if (const auto checked = check_suppressor(config, suppressor); !checked) return checked;
  Alarm alarm;
  alarm.config = std::move(config);
  alarm.rule = std::move(rule);
  alarm.suppressor = std::move(suppressor);
  return put_alarm(std::move(alarm), std::move(tags_if_new), now);
}

Result<void> AlarmBook::put_alarm(Alarm alarm, Tags tags_if_new, WallTime now) {
  const std::string region = alarm.config.region;
  const std::string name = alarm.config.name;
  const Alarm* before = find(region, name);
  if (before && before->is_composite() != alarm.is_composite())
    return invalid_alarm("Alarm " + name + " is a " +
                         (before->is_composite() ? "composite" : "metric") +
                         " alarm; delete it first or choose another name.");
  alarm.configuration_updated = now;
  if (before) {
    alarm.status = before->status;
    alarm.transitioned = before->transitioned;
    alarm.tags = before->tags;
    alarm.suppression = before->suppression;
    const auto suppressor = [&](const Alarm& of) {
      return of.suppressor ? name_of(region, of.suppressor->alarm) : "";
    };
    if (suppressor(*before) != suppressor(alarm)) alarm.suppression.discard();
  } else {
    alarm.status = {AlarmState::kInsufficientData, kCreated, "", now};
    alarm.transitioned = now;
    alarm.tags = std::move(tags_if_new);
  }
  if (suppressor_in_alarm(alarm)) alarm.suppression.by = SuppressedBy::kAlarm;
  if (const auto saved = save(alarm); !saved) return saved;
  const auto change = before ? ConfigurationChange::kUpdate : ConfigurationChange::kCreate;
  history_.add(region, name, configuration_item(change, alarm, account_, now));
  if (alarm.is_composite())
    stale_.insert_or_assign({region, name}, before ? Trigger::kUpdated : Trigger::kCreated);
  unsaved_.erase({region, name});
  regions_[region].insert_or_assign(name, std::move(alarm));
  return {};
}

Result<void> AlarmBook::check_rule(const AlarmConfig& config, const CompositeRule& rule) const {
  std::vector<std::string> missing;
  std::vector<std::string> open;
  for (const std::string& reference : rule.alarms()) {
    const std::string name = name_of(config.region, reference);
    if (name == config.name)
      return invalid_alarm("Alarm " + name + " can't be part of its own rule.");
    if (!find(config.region, name)) missing.push_back(reference);
    open.push_back(name);
  }
  if (!missing.empty())
    return invalid_alarm("Could not save the composite alarm as alarms [" + joined(missing, ", ") +
                         "] in the alarm rule do not exist");
  std::set<std::string> seen;
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    if (name == config.name)
      return invalid_alarm("The rule of " + name +
                           " makes a circle: one of its alarms depends on it. Take that one out.");
    if (!seen.insert(name).second) continue;
    if (const Alarm* alarm = find(config.region, name))
      for (std::string& child : children(*alarm)) open.push_back(std::move(child));
  }
  return {};
}

std::set<std::string> AlarmBook::still_needed(const std::string& region,
                                              const std::set<std::string>& going) const {
  std::set<std::string> needed;
  for (const auto& [name, alarm] : list(region)) {
    if (going.contains(name)) continue;
    for (const std::string& other : needed_by(alarm))
      if (going.contains(other)) needed.insert(other);
  }
  return needed;
}

std::vector<std::string> AlarmBook::removable(const std::string& region,
                                              const std::vector<std::string>& names) const {
  const std::set<std::string> needed = still_needed(region, {names.begin(), names.end()});
  std::vector<std::string> out;
  for (const std::string& name : names)
    if (find(region, name) && !needed.contains(name)) out.push_back(name);
  return out;
}

Result<void> AlarmBook::remove(const std::string& region, const std::vector<std::string>& names,
                               WallTime now, std::vector<StatePort::Place> along) {
  std::set<std::string> going;
  size_t composites = 0;
  for (const std::string& name : names)
    if (const Alarm* alarm = find(region, name); alarm && going.insert(name).second)
      composites += alarm->is_composite() ? 1 : 0;
  if (composites > 1)
    return invalid_alarm("At most one composite alarm can be deleted in an operation; there are " +
                         std::to_string(composites) + ".");
  if (const auto needed = still_needed(region, going); !needed.empty())
    return invalid_alarm("Cannot delete " + joined({needed.begin(), needed.end()}, ",") +
                         " as there are composite alarm(s) depending on " +
                         (needed.size() == 1 ? "it." : "them."));
  auto& alarms = regions_[region];
  for (const std::string& name : going)
    along.push_back({alarms.at(name).is_composite() ? kCompositeKind : kMetricKind, region, name});
  if (auto erased = port_.erase_all(along); !erased) return erased;
  for (const std::string& name : going) {
    const auto found = alarms.find(name);
    history_.add(region, name,
                 configuration_item(ConfigurationChange::kDelete, found->second, account_, now));
    stale_.erase({region, name});
    unsaved_.erase({region, name});
    alarms.erase(found);
  }
  return {};
}

Result<std::vector<FiredAction>> AlarmBook::set_state(const std::string& region,
                                                      const std::string& name, AlarmState state,
                                                      std::string reason, std::string reason_data,
                                                      WallTime now) {
  Alarm* alarm = edit(region, name);
  if (!alarm) return Error{ErrorKind::kNotFound, "ResourceNotFound", ""};  // AWS gives no text
  std::vector<FiredAction> fired;
  AlarmStatus status{state, std::move(reason), std::move(reason_data), now};
  Alarm changed = *alarm;
  changed.status = status;
  if (state != alarm->status.state) changed.transitioned = now;
  if (const auto saved = save(changed); !saved) return saved.error();
  if (state == alarm->status.state) {
    *alarm = std::move(changed);
  } else {
    transition(*alarm, std::move(status), fired);
    // A composite alarm stays as it was set until one of its alarms changes.
    stale_.erase({region, name});
    evaluate_composites(now, fired);
    step_suppressions(now, fired);
  }
  return fired;
}

Result<void> AlarmBook::enable_actions(const std::string& region,
                                       const std::vector<std::string>& names, Actions actions,
                                       WallTime now) {
  const bool enabled = actions == Actions::kEnabled;
  for (const std::string& name : names) {
    Alarm* alarm = edit(region, name);
    if (!alarm || alarm->config.actions.enabled == enabled) continue;
    Alarm changed = *alarm;
    changed.config.actions.enabled = enabled;
    changed.configuration_updated = now;
    if (const auto saved = save(changed); !saved) return saved;
    *alarm = std::move(changed);
    history_.add(region, name,
                 configuration_item(ConfigurationChange::kUpdate, *alarm, account_, now));
  }
  return {};
}

Result<void> AlarmBook::tag(const std::string& region, const std::string& name, const Tags& tags) {
  Alarm* alarm = edit(region, name);
  if (!alarm) return not_found(name);
  Alarm changed = *alarm;
  for (const auto& [key, value] : tags) changed.tags[key] = value;
  if (const auto saved = save(changed); !saved) return saved;
  *alarm = std::move(changed);
  return {};
}

Result<void> AlarmBook::untag(const std::string& region, const std::string& name,
                              const std::vector<std::string>& keys) {
  Alarm* alarm = edit(region, name);
  if (!alarm) return not_found(name);
  Alarm changed = *alarm;
  for (const std::string& key : keys) changed.tags.erase(key);
  if (const auto saved = save(changed); !saved) return saved;
  *alarm = std::move(changed);
  return {};
}

void AlarmBook::record_action(const FiredAction& fired, Outcome outcome, const std::string& error,
                              WallTime now) {
  const AlarmSnapshot& alarm = *fired.alarm;
  const bool succeeded = outcome == Outcome::kSucceeded;
  nlohmann::ordered_json data{{"actionState", succeeded ? "Succeeded" : "Failed"},
                              {"stateUpdateTimestamp", epoch_ms(alarm.status.updated)},
                              {"notificationResource", fired.action}};
  if (!succeeded) data["error"] = error;
  const std::string summary = succeeded ? "Successfully executed action " + fired.action
                                        : "Failed to execute action " + fired.action +
                                              ". Received error: \"" + error + "\"";
  history_.add(alarm.config.region, alarm.config.name,
               {now, "Action", summary, json_dump(data), alarm.rule.has_value()});
}

}  // namespace kiln::telemetry
