// The alarm operations of CloudWatch: documents in, documents out, over an AlarmBook.
//
// A document may have come as a form, with texts where numbers and booleans belong. Answers have
// times as epoch seconds. Not thread-safe: as the book, it belongs to one thread at a time.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "telemetry/alarm_book.h"

namespace kiln::services {

class CloudWatchAlarms {
 public:
  using RunActions = std::function<void(std::vector<telemetry::FiredAction>)>;

  // `book` outlives this. `run_actions` gets what SetAlarmState sets off.
  CloudWatchAlarms(telemetry::AlarmBook& book, RunActions run_actions)
      : book_(book), run_actions_(std::move(run_actions)) {}

  // Whether run() knows the operation.
  static bool has(const std::string& operation);

  // Error types are the shape names of the API: ValidationError, ResourceNotFound,
  // ResourceNotFoundException (of tags), InvalidNextToken, InvalidFormatFault,
  // InvalidParameterValueException, InvalidParameterCombinationException.
  Result<nlohmann::json> run(const std::string& operation, const nlohmann::json& input,
                             const std::string& region, const std::string& account, WallTime now);

 private:
  struct Call {
    const nlohmann::json& input;
    const std::string& region;
    const std::string& account;
    WallTime now;
  };
  using Operation = Result<nlohmann::json> (CloudWatchAlarms::*)(const Call&);
  static Operation operation_of(const std::string& name);

  Result<nlohmann::json> put_metric_alarm(const Call& call);
  Result<nlohmann::json> put_composite_alarm(const Call& call);
  Result<nlohmann::json> describe_alarms(const Call& call);
  Result<nlohmann::json> describe_alarms_for_metric(const Call& call);
  Result<nlohmann::json> describe_alarm_history(const Call& call);
  Result<nlohmann::json> delete_alarms(const Call& call);
  Result<nlohmann::json> set_alarm_state(const Call& call);
  Result<nlohmann::json> enable_alarm_actions(const Call& call);
  Result<nlohmann::json> disable_alarm_actions(const Call& call);
  Result<nlohmann::json> switch_actions(const Call& call, telemetry::AlarmBook::Actions actions);
  Result<nlohmann::json> tag_resource(const Call& call);
  Result<nlohmann::json> untag_resource(const Call& call);
  Result<nlohmann::json> list_tags_for_resource(const Call& call);
  // The alarm that ResourceARN names.
  Result<const telemetry::Alarm*> tagged(const Call& call);

  telemetry::AlarmBook& book_;
  RunActions run_actions_;
};

}  // namespace kiln::services
