#include "request.h"

#include "kiln/json_handler.h"
#include "kiln/log.h"

namespace orders {

using nlohmann::json;

json answer(int status_code, const json& body) {
  return {{"statusCode", status_code}, {"body", kiln::print_json(body)}};
}

json answer_request(const json& event, const kiln::Context& context, const Config& config,
                    const std::function<json(const json& event, Deadline deadline)>& work) {
  const auto start = std::chrono::steady_clock::now();
  kiln::log::info("request", {{"priority_level", config.priority_level},
                              {"memory_limit_mb", context.memory_limit_mb},
                              {"remaining_time_ms", context.remaining_time().count()}});
  const auto refuse = [](int status_code, const std::exception& e) {
    kiln::log::warn("request refused", {{"status_code", status_code}, {"error", e.what()}});
    return answer(status_code, {{"success", false}, {"error", e.what()}});
  };
  try {
    if (!event.is_object()) throw BadRequest("the event must be a JSON object");
    json body = work(event, Deadline(context, config.max_processing_time));
    body["success"] = true;
    body["priority_level"] = config.priority_level;
    body["processing_time"] =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    body["remaining_time_ms"] = context.remaining_time().count();
    return answer(200, body);
  } catch (const BadRequest& e) {
    return refuse(400, e);
  } catch (const RequestIdTaken& e) {
    return refuse(409, e);
  } catch (const TimeUp& e) {
    kiln::log::error("the time is up", {{"left_undone", e.left_undone()}});
    return answer(
        503,
        {{"success", false}, {"error", e.what()}, {"left_undone", json::array({e.left_undone()})}});
  } catch (const std::exception& e) {
    kiln::log::error("request failed", {{"error", e.what()}});
    return answer(500, {{"success", false}, {"error", e.what()}});
  }
}

}  // namespace orders
