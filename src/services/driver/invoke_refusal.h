// An invocation that was refused before any code ran, as HTTP.
#pragma once

#include <string>

#include "engine/invocation.h"
#include "net/http_message.h"

namespace kiln::services {

inline bool is_refused(const engine::InvokeReply& reply) {
  return reply.throttle != model::Throttle::kNone || !reply.error.type.empty();
}
// REQUIRES: is_refused(reply)
net::Response invoke_refusal(const engine::InvokeReply& reply, const std::string& request_id);

}  // namespace kiln::services
