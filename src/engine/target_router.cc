#include "engine/target_router.h"

#include "base/arn.h"
#include "base/ids.h"
#include "model/names.h"
#include "notify/message_checks.h"
#include "notify/sns_error.h"
#include "telemetry/alarm_message.h"

namespace kiln::engine {
namespace {

enum class Target { kFunction, kTopic, kQueue, kScalingPolicy, kOther };

Target target_of(const std::string& arn) {
  if (is_arn_of(arn, "lambda")) return Target::kFunction;
  if (is_arn_of(arn, "sns")) return Target::kTopic;
  if (is_arn_of(arn, "sqs")) return Target::kQueue;
  if (is_arn_of(arn, "autoscaling")) return Target::kScalingPolicy;
  return Target::kOther;
}

Error not_here(const std::string& arn) {
  return {ErrorKind::kInvalid, "UnknownTarget",
          "nothing is sent to " + arn +
              ": Kiln knows functions, SNS topics, SQS queues and scaling policies"};
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

Result<InvokeRequest> request_for(const std::string& function_arn, const std::string& region,
                                  const std::string& account, std::string payload) {
  const auto function =
      model::parse_function_ref(function_arn, "", region, account, model::Operation::kInvoke);
  if (!function) return function.error();
  InvokeRequest request;
  request.region = function->region;
  request.function_name = function->name;
  request.qualifier = function->qualifier;
  request.payload = std::move(payload);
  request.request_id = new_uuid();
  return request;
}

}  // namespace

Result<void> TargetRouter::act(const telemetry::FiredAction& action, WallTime now) {
  const telemetry::AlarmSnapshot& alarm = *action.alarm;
  switch (target_of(action.action)) {
    case Target::kFunction: {
      auto request = request_for(action.action, alarm.config.region, topics_.account(),
                                 telemetry::lambda_event(alarm));
      if (!request) return request.error();
      auto found = ports_.check(*request);
      if (found) ports_.invoke(std::move(*request), [](const Result<void>&) {});
      return found;
    }
    case Target::kTopic: {
      notify::Message message;
      message.text = telemetry::sns_message(alarm);
      message.subject = telemetry::sns_subject(alarm);
      return publish(action.action, message);
    }
    case Target::kScalingPolicy:
      return ports_.scale(action, now);
    case Target::kQueue:
    case Target::kOther:
      break;
  }
  return not_here(action.action);
}

Result<void> TargetRouter::publish(const std::string& topic_arn, const notify::Message& message) {
  const auto parsed = notify::TopicArn::parse(topic_arn);
  auto topic = topics_.find_topic(parsed ? parsed->region : "", topic_arn);
  if (!topic) return topic.error();
  if (auto fits = notify::check_size(message); !fits) return fits;
  if ((*topic)->arn.is_fifo())
    return notify::invalid_parameter("The MessageGroupId parameter is required for FIFO topics");
  notifier_.publish(**topic, message);
  return {};
}

void TargetRouter::deliver(const std::string& target_arn, const std::string& region,
                           const Parcel& parcel, Done done) {
  notify::Message message;
  message.text = parcel.body;
  message.trace_header = parcel.trace_header;
  for (const auto& [name, value] : parcel.attributes)
    message.attributes.push_back({name, is_number(value) ? "Number" : "String", value});
  switch (target_of(target_arn)) {
    case Target::kFunction: {
      auto request = request_for(target_arn, region, topics_.account(), parcel.body);
      if (!request) return done(request.error());
      request->trace_id = parcel.trace_header;
      return control_.post([this, request = std::move(*request), done = std::move(done)]() mutable {
        ports_.invoke(std::move(request), std::move(done));
      });
    }
    case Target::kTopic:
      return control_.post([this, target_arn, message = std::move(message),
                            done = std::move(done)] { done(publish(target_arn, message)); });
    case Target::kQueue:
      return queues_.send(target_arn,
                          {parcel.body, std::move(message.attributes), "", "", parcel.trace_header},
                          std::move(done));
    case Target::kScalingPolicy:
    case Target::kOther:
      break;
  }
  done(not_here(target_arn));
}

}  // namespace kiln::engine
