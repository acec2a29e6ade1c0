#include "engine/event_record.h"

#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "base/time_format.h"
#include "model/function.h"

namespace kiln::engine {
namespace {

constexpr size_t kMaxErrorMessage = 1024;

std::string text(const nlohmann::ordered_json& document) { return json_dump(document); }

bool code_ran(const InvokeReply& reply) { return reply.error.type.empty(); }

}  // namespace

std::string destination_record(const store::StoredEvent& event, std::string_view account,
                               std::string_view condition, int invocations,
                               const InvokeReply& reply, WallTime now) {
  const std::string qualifier =
      event.qualifier.empty() ? std::string(model::kLatest) : event.qualifier;
  const nlohmann::ordered_json context = {
      {"requestId", event.request_id},
      {"functionArn", model::function_arn(event.region, account, event.function_name, qualifier)},
      {"condition", condition},
      {"approximateInvokeCount", invocations}};
  // Payloads are JSON already: they go in as they are.
  std::string out = R"({"version":"1.0","timestamp":")" + format_iso_ms(now) +
                    R"(","requestContext":)" + text(context) + R"(,"requestPayload":)" +
                    (event.payload.empty() ? "{}" : event.payload);
  if (code_ran(reply)) {
    nlohmann::ordered_json response = {{"statusCode", 200},
                                       {"executedVersion", reply.executed_version}};
    if (reply.function_error) response["functionError"] = "Unhandled";
    out += R"(,"responseContext":)" + text(response);
    // A custom runtime may answer with anything.
    const bool is_json = nlohmann::json::accept(reply.payload);
    out += R"(,"responsePayload":)" + (is_json ? reply.payload : text(reply.payload));
  }
  return out + "}";
}

std::map<std::string, std::string> dead_letter_attributes(const store::StoredEvent& event,
                                                          std::string_view condition,
                                                          const InvokeReply& reply) {
  std::string message(condition);
  std::string code = "429";
  if (code_ran(reply)) {
    code = "200";
    const auto document = json_parse(reply.payload);
    if (document.is_object() && document.contains("errorMessage") &&
        document["errorMessage"].is_string())
      message = json_text(document["errorMessage"]);
  } else {
    message = reply.error.message;
  }
  if (message.size() > kMaxErrorMessage) {
    size_t end = kMaxErrorMessage;
    while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0) == 0x80) --end;
    message.resize(end);
  }
  return {{"RequestID", event.request_id}, {"ErrorCode", code}, {"ErrorMessage", message}};
}

}  // namespace kiln::engine
