// Whether an endpoint has the form that its protocol wants. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "notify/message.h"

namespace kiln::notify {

// Error: InvalidParameter, with SNS's texts.
Result<void> check_endpoint(Protocol protocol, const std::string& endpoint);
// A phone's number, as Publish takes it: +15550100.
bool is_phone_number(std::string_view text);
// "An ARN must have at least 6 elements, not N": `member` is named.
Result<void> check_arn(const std::string& arn, const std::string& member);

}  // namespace kiln::notify
