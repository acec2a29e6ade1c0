// What a destination of an EventInvokeConfig may be. Pure.
#pragma once

#include <string_view>

namespace kiln::model {

// "", kafka://TOPIC, or an ARN; whether Lambda delivers there is another question.
bool is_destination(std::string_view text);
// The same as AWS writes it.
extern const std::string_view kDestinationPattern;

}  // namespace kiln::model
