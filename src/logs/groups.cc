#include "logs/groups.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "base/mutex.h"
#include "logs/tap.h"

namespace kiln::logs {
namespace {

using nlohmann::json;

constexpr int64_t kDayMs = 24LL * 3600 * 1000;

std::string group_document(const LogGroup& group) {
  return json_dump(json{{"created_ms", group.created_ms},
                        {"deletion_protected", group.deletion_protected},
                        {"retention_days", group.retention_days},
                        {"class", group.log_class},
                        {"kms_key_id", group.kms_key_id},
                        {"tags", group.tags},
                        {"filters", to_document(group.filters)}});
}

LogGroup parse(const std::string& text) {
  // What can be read counts.
  const json document = json_parse(text);
  LogGroup group;
  group.created_ms = json_integer(document, "created_ms");
  group.retention_days = json_integer<int>(document, "retention_days");
  group.log_class = json_text(document, "class", group.log_class);
  group.kms_key_id = json_text(document, "kms_key_id");
  group.deletion_protected = json_flag(document, "deletion_protected");
  group.tags = json_texts(json_member(document, "tags"));
  if (document.is_object() && document.contains("filters"))
    group.filters = parse_group_filters(document["filters"]);
  return group;
}

}  // namespace

void LogGroups::load(const std::string& region, const std::string& name,
                     const std::string& document) {
  LogGroup group = parse(document);
  if (LogTap* tap = store_.tap()) tap->set(region, name, group.filters);
  const MutexLock lock(mutex_);
  groups_[{region, name}] = std::move(group);
}

bool LogGroups::has(const std::string& region, const std::string& name) const {
  {
    const MutexLock lock(mutex_);
    if (groups_.contains({region, name})) return true;
  }
  return store_.has_group(region, name);
}

std::vector<std::string> LogGroups::names(const std::string& region) const {
  std::vector<std::string> names = store_.groups(region, "");
  {
    const MutexLock lock(mutex_);
    for (auto group = groups_.lower_bound({region, ""});
         group != groups_.end() && group->first.first == region; ++group)
      names.push_back(group->first.second);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::optional<LogGroup> LogGroups::find(const std::string& region, const std::string& name) const {
  {
    const MutexLock lock(mutex_);
    const auto found = groups_.find({region, name});
    if (found != groups_.end()) return found->second;
  }
  if (!store_.has_group(region, name)) return std::nullopt;
  std::optional<int64_t> created_ms;
  for (const LogStreamInfo& stream : store_.streams(region, name))
    created_ms = std::min(created_ms.value_or(stream.created_ms), stream.created_ms);
  LogGroup group;
  group.created_ms = created_ms.value_or(0);
  return group;
}

int64_t LogGroups::oldest_kept_ms(const std::string& region, const std::string& name,
                                  int64_t now_ms) const {
  const MutexLock lock(mutex_);
  const auto found = groups_.find({region, name});
  if (found == groups_.end() || found->second.retention_days == 0) return 0;
  return std::max<int64_t>(0, now_ms - found->second.retention_days * kDayMs);
}

Result<void> LogGroups::put(const std::string& region, const std::string& name, LogGroup group) {
  if (auto saved = port_.save(kKind, region, name, group_document(group)); !saved) return saved;
  if (LogTap* tap = store_.tap()) tap->set(region, name, group.filters);
  const MutexLock lock(mutex_);
  groups_[{region, name}] = std::move(group);
  return {};
}

Result<void> LogGroups::erase(const std::string& region, const std::string& name) {
  const auto group = find(region, name);
  if (auto erased = port_.erase(kKind, region, name); !erased) return erased;
  if (auto removed = store_.remove_group(region, name); !removed) {
    // It stays as it is here, whatever the disk keeps of it.
    if (group) (void)port_.save(kKind, region, name, group_document(*group));
    return removed;
  }
  if (LogTap* tap = store_.tap()) tap->set(region, name, {});
  const MutexLock lock(mutex_);
  groups_.erase({region, name});
  return {};
}

std::vector<std::pair<std::string, GroupFilters>> LogGroups::filters(
    const std::string& region) const {
  std::vector<std::pair<std::string, GroupFilters>> all;
  const MutexLock lock(mutex_);
  for (auto group = groups_.lower_bound({region, ""});
       group != groups_.end() && group->first.first == region; ++group)
    if (!group->second.filters.empty())
      all.emplace_back(group->first.second, group->second.filters);
  return all;
}

void LogGroups::sweep(int64_t now_ms) {
  std::vector<std::pair<Name, int64_t>> due;
  {
    const MutexLock lock(mutex_);
    for (const auto& [name, group] : groups_)
      if (group.retention_days > 0) due.emplace_back(name, now_ms - group.retention_days * kDayMs);
  }
  for (const auto& [name, before_ms] : due) store_.expire(name.first, name.second, before_ms);
}

}  // namespace kiln::logs
