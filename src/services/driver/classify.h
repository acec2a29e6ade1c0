// Which API a request is for, decided from method, path, headers and the form's Action alone. AWS
// puts a host name in front of each service; here they share one port. Pure functions; thread-safe.
// A Lambda path is known by its first bytes: the invoke path pays a comparison.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "net/http_message.h"
#include "wire/query_protocol.h"

namespace kiln::services {

enum class Api {
  kLambda,
  kLogs,
  kCloudWatch,
  kSns,
  kCloudFormation,
  kAutoScaling,  // Application Auto Scaling
  kComputeOptimizer,
  kSts,
  kSsm,
  kS3,
  kFunctionUrl,  // any request to the host name of a function URL
  kHealth,       // GET /_kiln/health, GET /
  kStatus,       // GET /_kiln/status
  kMetrics,      // GET /metrics
  kDebug,        // /_kiln/environments, …/NAME, /_kiln/debug/NAME
  kAbsent,       // an AWS service that Kiln does not have
  kUnknown,      // nothing that AWS has
};

// How the service's errors look.
enum class Shape { kRestJson, kJson10, kJson11, kQuery, kRestXml, kCbor };

struct Classification {
  Api api = Api::kUnknown;
  Shape shape = Shape::kRestJson;
  std::string service;                      // AWS's name of it, "dynamodb"
  std::string operation;                    // "PutItem"; for REST services "PUT /bucket/key"
  std::optional<wire::QueryRequest> query;  // of the query services
};

Classification classify(const net::Request& request);
// The same while the body is not there yet.
Classification classify(const net::RequestHeader& header);

// What stands between "/2015-03-31/functions/" and "/invocations", still percent-encoded, where the
// request is a POST to such a path: most of what comes. Else "".
std::string_view invoked_function(const net::RequestHeader& header);
inline bool is_invocation(const net::RequestHeader& header) {
  return !invoked_function(header).empty();
}

// Whether a request is signed for S3, whose bodies have limits of their own.
bool is_s3(const net::RequestHeader& header);

// AWS's limits in bytes.
inline constexpr uint64_t kMaxInvokeBytes =
    6'291'556;  // 6 MiB and 100, as the Runtime API enforces it
inline constexpr uint64_t kMaxEventInvokeBytes = 1'048'576;   // X-Amz-Invocation-Type: Event
inline constexpr uint64_t kMaxCodeRequestBytes = 70'167'211;  // CreateFunction, UpdateFunctionCode
inline constexpr uint64_t kMaxJsonRequestBytes = 2 * 1024 * 1024;
// PutLogEvents: 1 MiB of messages, which JSON may write with six bytes for each.
inline constexpr uint64_t kMaxLogsRequestBytes = 8 * 1024 * 1024;
inline constexpr uint64_t kMaxOtherBytes = 1024 * 1024;

uint64_t body_limit(const net::RequestHeader& header);
// The answer to a request whose body is beyond its limit.
net::Response too_large(const net::RequestHeader& header, const std::string& request_id);

// An error as the service says it; REST services that speak XML get the status 501.
net::Response error_in_shape(Shape shape, const Error& error, const std::string& request_id);
// The answer for Api::kAbsent and Api::kUnknown: names service and operation, in the service's own
// shape.
net::Response not_here(const Classification& what, const std::string& request_id);

}  // namespace kiln::services
