#include "services/driver/trial.h"

#include <algorithm>
#include <string_view>

#include "services/driver/classify.h"

namespace kiln::services {

bool can_be_tried(const Classification& what, const net::Request& request) {
  if (what.api == Api::kLambda) {
    const std::string_view target = net::target(request);
    return (request.method() == net::http::verb::post && target == "/2015-03-31/functions") ||
           (request.method() == net::http::verb::put &&
            target.starts_with("/2017-10-31/functions/") && target.ends_with("/concurrency"));
  }
  // Each saves before it changes anything, and removes nothing.
  static constexpr std::string_view kOperations[] = {
      "CreateLogGroup", "CreateRole",      "CreateTopic",        "PutMetricAlarm",
      "PutParameter",   "PutMetricFilter", "PutRetentionPolicy", "PutSubscriptionFilter",
      "Subscribe"};
  const bool here = what.api == Api::kSns || what.api == Api::kCloudWatch ||
                    what.api == Api::kLogs || what.api == Api::kSsm ||
                    (what.api == Api::kAbsent && what.service == "iam");
  return here && std::find(std::begin(kOperations), std::end(kOperations), what.operation) !=
                     std::end(kOperations);
}

}  // namespace kiln::services
