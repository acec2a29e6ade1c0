#include "scaling/activity.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/document_reader.h"
#include "base/ids.h"
#include "base/json_access.h"

namespace kiln::scaling {
namespace {

using nlohmann::json;

json number(const std::optional<int>& value) { return value ? json(*value) : json(); }

std::string to_document(const Activity& activity) {
  json reasons = json::array();
  for (const NotScaledReason& reason : activity.not_scaled)
    reasons.push_back({{"code", reason.code},
                       {"max", number(reason.max)},
                       {"min", number(reason.min)},
                       {"current", number(reason.current)}});
  const json out{{"id", activity.id},
                 {"number", activity.number},
                 {"resource", activity.resource.text()},
                 {"description", activity.description},
                 {"cause", activity.cause},
                 {"start_ms", epoch_ms(activity.start)},
                 {"end_ms", epoch_ms(activity.end)},
                 {"failed", activity.status == Activity::Status::kFailed},
                 {"message", activity.status_message},
                 {"not_scaled", std::move(reasons)}};
  return json_dump(out);
}

Activity read_document(const DocumentReader& in) {
  Activity out;
  in.read("id", out.id);
  in.read("number", out.number);
  out.resource = ResourceId::parse(in.get<std::string>("resource")).value_or(ResourceId());
  in.read("description", out.description);
  in.read("cause", out.cause);
  in.read("start_ms", out.start);
  in.read("end_ms", out.end);
  if (in.get<bool>("failed")) out.status = Activity::Status::kFailed;
  in.read("message", out.status_message);
  using Number = std::optional<int>;
  for (const DocumentReader& reason : in.list("not_scaled"))
    out.not_scaled.push_back({reason.get<std::string>("code"), reason.get<Number>("max"),
                              reason.get<Number>("min"), reason.get<Number>("current")});
  return out;
}

bool is_same_decision(const Activity& a, const Activity& b) {
  return !a.is_scaling() && a.not_scaled == b.not_scaled && a.cause == b.cause;
}

}  // namespace

std::string_view to_text(Activity::Status status) {
  return status == Activity::Status::kSuccessful ? "Successful" : "Failed";
}

void Activities::add(const std::string& region, Activity activity) {
  auto& list = regions_[region][activity.resource.text()];
  if (!list.empty() && is_same_decision(list.back(), activity)) return;
  activity.id = new_uuid();
  activity.number = ++last_number_;
  (void)port_.save(kKind, region, activity.id, to_document(activity));
  if (on_added_) on_added_(region, activity);
  list.push_back(std::move(activity));
  if (list.size() > kMaxOfResource) drop_first(region, list);
}

Result<void> Activities::load(const std::string& region, const std::string& text) {
  std::string problem;
  const json document = json_parse(text);
  Activity activity = read_document(DocumentReader(document, problem));
  if (!problem.empty())
    return Error{ErrorKind::kInternal, "InternalServiceException",
                 "A stored scaling activity can't be read: " + problem};
  last_number_ = std::max(last_number_, activity.number);
  auto& list = regions_[region][activity.resource.text()];
  const auto place =
      std::upper_bound(list.begin(), list.end(), activity,
                       [](const Activity& a, const Activity& b) { return a.number < b.number; });
  list.insert(place, std::move(activity));
  return {};
}

void Activities::drop_first(const std::string& region, std::deque<Activity>& list) {
  // One that stays on disk is dropped again after the next start.
  (void)port_.erase(kKind, region, list.front().id);
  list.pop_front();
}

void Activities::prune(WallTime now) {
  for (auto& [region, resources] : regions_) {
    for (auto& [resource, list] : resources)
      while (!list.empty() && list.front().start + kKept < now) drop_first(region, list);
    std::erase_if(resources, [](const auto& entry) { return entry.second.empty(); });
  }
}

const std::deque<Activity>& Activities::of(const std::string& region,
                                           const std::string& resource) const {
  static const std::deque<Activity> kNone;
  const auto in_region = regions_.find(region);
  if (in_region == regions_.end()) return kNone;
  const auto found = in_region->second.find(resource);
  return found == in_region->second.end() ? kNone : found->second;
}

std::vector<std::string> Activities::resources(const std::string& region) const {
  std::vector<std::string> out;
  const auto found = regions_.find(region);
  if (found == regions_.end()) return out;
  for (const auto& [resource, list] : found->second) out.push_back(resource);
  return out;
}

}  // namespace kiln::scaling
