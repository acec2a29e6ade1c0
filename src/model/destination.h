// What a destination of an EventInvokeConfig may be, and other ARNs of any service. Pure.
#pragma once

#include <string_view>

namespace kiln::model {

// "", kafka://TOPIC, or an ARN; whether Lambda delivers there is another question.
bool is_destination(std::string_view text);
// The same as AWS writes it.
extern const std::string_view kDestinationPattern;

// An ARN of any service, as AddPermission's SourceArn.
bool is_service_arn(std::string_view text);
extern const std::string_view kServiceArnPattern;

}  // namespace kiln::model
