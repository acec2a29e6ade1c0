// What is known of log groups beside their events: when they were made, retention, tags, filters. A
// group is there when it was created here, or when a function has written into it.
//
// Each group that was created or changed is a document of kind kKind. Threading: reads from any
// thread; create(), put() and erase() on the thread of the StatePort.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "base/state_port.h"
#include "logs/filters.h"
#include "logs/store.h"

namespace kiln::logs {

struct LogGroup {
  int64_t created_ms = 0;
  int retention_days = 0;  // 0: events stay
  std::string log_class = "STANDARD";
  std::string kms_key_id;
  bool deletion_protected = false;
  std::map<std::string, std::string> tags;
  GroupFilters filters;
};

class LogGroups {
 public:
  static constexpr const char* kKind = "log-group";

  // Both outlive this. The store's tap is told of each group's filters.
  LogGroups(StatePort& port, LogStore& store) : port_(port), store_(store) {}

  // A document that the port has kept; one that is not of this kind's form counts as empty.
  void load(const std::string& region, const std::string& name, const std::string& document);

  bool has(const std::string& region, const std::string& name) const;
  // In order.
  std::vector<std::string> names(const std::string& region) const;
  // Of a group without a document: the time of its first stream, and no retention.
  std::optional<LogGroup> find(const std::string& region, const std::string& name) const;
  // 0 without retention.
  int64_t oldest_kept_ms(const std::string& region, const std::string& name, int64_t now_ms) const;

  Result<void> put(const std::string& region, const std::string& name, LogGroup group);
  // The document and the events. Error: the group stays, perhaps without some of its events.
  Result<void> erase(const std::string& region, const std::string& name);

  // The groups that have filters, in order of names.
  std::vector<std::pair<std::string, GroupFilters>> filters(const std::string& region) const;

  // Lets the store remove what each group's retention has passed.
  void sweep(int64_t now_ms);

 private:
  using Name = std::pair<std::string, std::string>;  // Region, group

  StatePort& port_;
  LogStore& store_;
  mutable Mutex mutex_;
  std::map<Name, LogGroup> groups_ KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::logs
