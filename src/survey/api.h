// How AWS's APIs are asked, whether those of a running Kiln, of AWS, or of the very process.
//
//   const Result<Json> settings = rest(api, "GET", "/2015-03-31/functions/orders");
//   const Result<Json> alarms = rpc(api, kCloudWatch, "DescribeAlarms", Json::object());
//
// Not thread-safe. A call blocks until there is an answer.
#pragma once

#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace kiln::survey {

struct ApiCall {
  std::string method = "GET";
  std::string path = "/";  // with query, percent-encoded
  std::string body = {};
  std::string service = "lambda";  // of the credential scope
  std::string target = {};         // X-Amz-Target; "": a REST call
  std::string content_type = "application/json";
};

class Api {
 public:
  // Error: as the API answered, or no answer. Null for an empty answer.
  virtual Result<Json> call(const ApiCall& call) = 0;

 protected:
  ~Api() = default;
};

// An API that speaks JSON 1.0 or 1.1.
struct RpcService {
  const char* service;
  const char* target;  // before the operation
  const char* content_type;
};
inline constexpr RpcService kCloudWatch = {"monitoring", "GraniteServiceVersion20100801.",
                                           "application/x-amz-json-1.0"};
inline constexpr RpcService kLogs = {"logs", "Logs_20140328.", "application/x-amz-json-1.1"};
inline constexpr RpcService kAutoScaling = {"application-autoscaling", "AnyScaleFrontendService.",
                                            "application/x-amz-json-1.1"};

Result<Json> rest(Api& api, const std::string& method, const std::string& path,
                  const Json& body = {});
Result<Json> rpc(Api& api, const RpcService& service, const std::string& operation,
                 const Json& body);
// All pages: `take` gets each answer; `token` is the member that leads from one page to the next.
Result<void> each_page(Api& api, const RpcService& service, const std::string& operation, Json body,
                       const char* token, const std::function<bool(const Json& page)>& take);

// For one segment of a path or one value of a query.
std::string path_segment(const std::string& text);

}  // namespace kiln::survey
