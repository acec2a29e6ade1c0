#include "services/driver/invoke_refusal.h"

#include <nlohmann/json.hpp>

#include "wire/rest_json_error.h"

namespace kiln::services {

net::Response invoke_refusal(const engine::InvokeReply& reply, const std::string& request_id) {
  nlohmann::json extra = nlohmann::json::object();
  if (reply.throttle != model::Throttle::kNone) extra["Reason"] = model::to_text(reply.throttle);
  return wire::rest_json_error(reply.error, request_id, extra);
}

}  // namespace kiln::services
