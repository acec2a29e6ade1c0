// The errors of SNS that several files give, with the type names and texts of its API.
#pragma once

#include <string>

#include "base/result.h"

namespace kiln::notify {

inline Error invalid_parameter(const std::string& text) {
  return {ErrorKind::kInvalid, "InvalidParameter", "Invalid parameter: " + text};
}
inline Error refused_filter(const std::string& why) {
  return invalid_parameter("FilterPolicy: " + why);
}
inline Error topic_not_found() {
  return {ErrorKind::kNotFound, "NotFound", "Topic does not exist"};
}
inline Error subscription_not_found() {
  return {ErrorKind::kNotFound, "NotFound", "Subscription does not exist"};
}
// An error of one attribute, as CreateTopic and Subscribe say it, which take several at once.
inline Error among_attributes(Error error) {
  constexpr std::string_view kStart = "Invalid parameter: ";
  if (error.message.starts_with(kStart)) error.message.insert(kStart.size(), "Attributes Reason: ");
  return error;
}

}  // namespace kiln::notify
