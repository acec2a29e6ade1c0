// What an alarm tells others when its state changes: the message and subject for an SNS topic, and
// the event for a Lambda function. Pure.
#pragma once

#include <string>

#include "telemetry/alarm_record.h"

namespace kiln::telemetry {

// The message, a JSON document, in CloudWatch's order of members.
std::string sns_message(const AlarmSnapshot& alarm);
// ALARM: "errors" in US East (N. Virginia)
std::string sns_subject(const AlarmSnapshot& alarm);
// {"source":"aws.cloudwatch","alarmArn":…,"alarmData":{…}}
std::string lambda_event(const AlarmSnapshot& alarm);

// "us-east-1" → "US East (N. Virginia)", as CloudWatch writes it; an unknown region as it is.
std::string region_long_name(const std::string& region);

}  // namespace kiln::telemetry
