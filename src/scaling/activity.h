// What scaling did, and what it decided not to do, for six weeks.
//
// Each activity is a document of kind "scaling-activity" of its own, with its id as the key. That a
// document can't be saved is no error: the activity is lost at the next start. Not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/state_port.h"
#include "scaling/resource_id.h"

namespace kiln::scaling {

struct NotScaledReason {
  std::string code;  // "AlreadyAtMaxCapacity", …
  std::optional<int> max, min, current;
  bool operator==(const NotScaledReason&) const = default;
};

struct Activity {
  enum class Status { kSuccessful, kFailed };

  std::string id;
  uint64_t number = 0;  // later ones have greater numbers
  ResourceId resource;
  std::string description;
  std::string cause;
  WallTime start, end;
  Status status = Status::kSuccessful;
  std::string status_message;
  std::vector<NotScaledReason> not_scaled;  // not empty: nothing was to be done

  bool is_scaling() const { return not_scaled.empty(); }
};

std::string_view to_text(Activity::Status status);  // "Successful", "Failed"

class Activities {
 public:
  static constexpr auto kKept = std::chrono::hours(42 * 24);
  static constexpr size_t kMaxOfResource = 1000;
  static constexpr const char* kKind = "scaling-activity";

  // Called for each activity that is added.
  using OnAdded = std::function<void(const std::string& region, const Activity& activity)>;

  // `port` outlives this.
  explicit Activities(StatePort& port, OnAdded on_added = {})
      : port_(port), on_added_(std::move(on_added)) {}

  // Gives it an id and a number. When the newest of its resource is the same decision not to scale,
  // that one stays as it is.
  void add(const std::string& region, Activity activity);
  Result<void> load(const std::string& region, const std::string& text);
  // Drops what is older than kKept.
  void prune(WallTime now);

  // Oldest first.
  const std::deque<Activity>& of(const std::string& region, const std::string& resource) const;
  // The resources that have any.
  std::vector<std::string> resources(const std::string& region) const;

 private:
  void drop_first(const std::string& region, std::deque<Activity>& list);

  StatePort& port_;
  OnAdded on_added_;
  uint64_t last_number_ = 0;
  std::map<std::string, std::map<std::string, std::deque<Activity>>> regions_;
};

}  // namespace kiln::scaling
