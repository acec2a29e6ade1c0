#include "request.h"

#include "kiln/json_handler.h"
#include "kiln/log.h"

namespace orders {

using nlohmann::json;

namespace {

Answer failure(int status_code, const json& body) { return {status_code, kiln::print_json(body)}; }

}  // namespace

std::string Answer::text(std::string_view batch_item_failures) const {
  kiln::sdk::JsonWriter writer(2 * body.size() + batch_item_failures.size() + 64);
  writer.begin_object();
  if (!batch_item_failures.empty()) {
    writer.key("batchItemFailures");
    writer.raw(batch_item_failures);
  }
  writer.member("body", body);
  writer.member("statusCode", status_code);
  writer.end_object();
  return writer.take();
}

Answer answer_request(kiln::JsonView event, const kiln::Context& context, const Config& config,
                      const std::function<void(kiln::JsonView, Deadline, Body&)>& work) {
  const auto start = std::chrono::steady_clock::now();
  kiln::log::info("request", {{"priority_level", config.priority_level},
                              {"memory_limit_mb", context.memory_limit_mb},
                              {"remaining_time_ms", context.remaining_time().count()}});
  const auto refuse = [](int status_code, const std::exception& e) {
    kiln::log::warn("request refused", {{"status_code", status_code}, {"error", e.what()}});
    return failure(status_code, {{"success", false}, {"error", e.what()}});
  };
  try {
    if (!event.is_object()) throw BadRequest("the event must be a JSON object");
    Body body;
    work(event, Deadline(context, config.max_processing_time), body);
    body.add("priority_level", config.priority_level);
    body.add("processing_time",
             std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    body.add("remaining_time_ms", context.remaining_time().count());
    body.add("success", true);
    return {200, body.text()};
  } catch (const BadRequest& e) {
    return refuse(400, e);
  } catch (const RequestIdTaken& e) {
    return refuse(409, e);
  } catch (const TimeUp& e) {
    kiln::log::error("the time is up", {{"left_undone", e.left_undone()}});
    return failure(
        503,
        {{"success", false}, {"error", e.what()}, {"left_undone", json::array({e.left_undone()})}});
  } catch (const std::exception& e) {
    kiln::log::error("request failed", {{"error", e.what()}});
    return failure(500, {{"success", false}, {"error", e.what()}});
  }
}

}  // namespace orders
