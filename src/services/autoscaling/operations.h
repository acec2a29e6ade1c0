// The operations of Application Auto Scaling for the service namespace lambda: documents in,
// documents out, over a ScalingBook.
//
// Answers have times as epoch seconds. Describing another service namespace finds nothing. Not
// thread-safe: as the book, it belongs to one thread at a time.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "scaling/scaling_book.h"

namespace kiln::services {

class ApplicationAutoScaling {
 public:
  // `book` outlives this.
  explicit ApplicationAutoScaling(scaling::ScalingBook& book) : book_(book) {}

  // Whether run() knows the operation.
  static bool has(const std::string& operation);

  // Error types are the shape names of the API: ValidationException, ObjectNotFoundException,
  // LimitExceededException, InvalidNextTokenException, ResourceNotFoundException and
  // TooManyTagsException (of tags); and SerializationException.
  // A stack that is rolled back may restore what was to come once (`times`).
  enum class Times { kToCome, kAny };
  Result<nlohmann::json> run(const std::string& operation, const nlohmann::json& input,
                             const std::string& region, const std::string& account, WallTime now,
                             Times times = Times::kToCome);

 private:
  struct Call {
    const nlohmann::json& input;
    const std::string& region;
    const std::string& account;
    WallTime now;
    Times times;
  };
  using Operation = Result<nlohmann::json> (ApplicationAutoScaling::*)(const Call&);
  static Operation operation_of(const std::string& name);

  Result<nlohmann::json> register_scalable_target(const Call& call);
  Result<nlohmann::json> deregister_scalable_target(const Call& call);
  Result<nlohmann::json> describe_scalable_targets(const Call& call);
  Result<nlohmann::json> put_scaling_policy(const Call& call);
  Result<nlohmann::json> delete_scaling_policy(const Call& call);
  Result<nlohmann::json> describe_scaling_policies(const Call& call);
  Result<nlohmann::json> put_scheduled_action(const Call& call);
  Result<nlohmann::json> delete_scheduled_action(const Call& call);
  Result<nlohmann::json> describe_scheduled_actions(const Call& call);
  Result<nlohmann::json> describe_scaling_activities(const Call& call);
  Result<nlohmann::json> tag_resource(const Call& call);
  Result<nlohmann::json> untag_resource(const Call& call);
  Result<nlohmann::json> list_tags_for_resource(const Call& call);
  // The PolicyType when none is given: that of the policy that is there.
  std::string policy_type(const Call& call, const scaling::ResourceId& resource,
                          const std::string& name) const;
  // Whether a scheduled action's time is still to come; what it had before may be told again.
  Result<void> check_to_come(const Call& call, const scaling::ActionInput& input) const;
  nlohmann::json alarms_document(const Call& call, const scaling::Policy& policy) const;

  scaling::ScalingBook& book_;
};

}  // namespace kiln::services
