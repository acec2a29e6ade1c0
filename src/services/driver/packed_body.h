// Requests whose body is packed: SDKs send large PutMetricData with Content-Encoding: gzip, in each
// of CloudWatch's protocols. Pure; thread-safe.
#pragma once

#include "base/result.h"
#include "net/http_message.h"
#include "services/driver/classify.h"

namespace kiln::services {

// CloudWatch takes so much of an unpacked body.
inline constexpr size_t kMaxUnpackedBytes = 1024 * 1024;

// Whether the body is packed, for a service that unpacks.
bool is_packed(const net::Request& request, const Classification& what);
// Puts the unpacked body in its place. Error: not gzip, damaged, or too large; the request is as it
// was then.
Result<void> unpack(net::Request& request);

}  // namespace kiln::services
