#include "handler.h"

#include <malloc.h>

#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>

#include "kiln/batch.h"
#include "kiln/batch_processor.h"
#include "kiln/json_handler.h"
#include "kiln/log.h"
#include "kiln/memory_profiler.h"
#include "orders/order.h"

namespace batch_handler {
namespace {

using nlohmann::json;

// The order in a record's body.
json order_in(const json& record) {
  const auto body = record.find("body");
  const auto* text = body == record.end() ? nullptr : body->get_ptr<const std::string*>();
  if (!text) throw std::invalid_argument("the record has no body");
  json order;
  try {
    order = kiln::parse_json(*text);
  } catch (const json::exception&) {
    throw std::invalid_argument("the record's body is no JSON");
  }
  if (order.is_object()) {
    if (const auto inner = order.find("order"); inner != order.end()) {
      return json(std::move(*inner));
    }
  }
  return order;
}

std::string identifier_of(const json& record) {
  const auto id = record.find("messageId");
  return id == record.end() || !id->is_string() ? "" : id->get<std::string>();
}

}  // namespace

void keep_heap() {
  constexpr int kKept = 4 * 1024 * 1024;
  ::mallopt(M_TRIM_THRESHOLD, kKept);
  ::mallopt(M_MMAP_THRESHOLD, kKept);
}

Handler::Handler(orders::Config config)
    : config_(std::move(config)), store_([this] { return orders::open_store(config_, budget_); }) {}

std::string Handler::handle(const json& event, const kiln::Context& context) {
  json failures = json::array({{{"itemIdentifier", ""}}});  // all of the batch, unless it says else
  const orders::Answer answer = orders::answer_request(
      event, context, config_,
      [&](const json& batch, const orders::Deadline& deadline, orders::Body& body) {
        process(batch, context, deadline, failures, body);
      });
  return answer.text(kiln::print_json(failures));
}

void Handler::process(const json& event, const kiln::Context& context,
                      const orders::Deadline& deadline, json& failures, orders::Body& body) {
  struct Attempt {
    const json* order = nullptr;
    std::string message_id;
    std::string error;
  } attempt;
  std::string database_down;
  std::set<std::string, std::less<>> attempted;
  json failed = json::array();

  std::optional<orders::Batch> together;
  kiln::MemoryProfiler profiler;
  kiln::DataProcessor processor(
      {.memory_limit_mb = static_cast<double>(context.memory_limit_mb)}, profiler,
      [&](const kiln::ProcessedRecord& customer) {
        const orders::Order order = orders::enrich_order(
            *attempt.order, customer, attempt.message_id, config_.priority_level);
        if (!together) together.emplace(*store_);
        const auto stored = store_->insert(order, deadline.left());
        orders::check_same(order, stored.payment);
      },
      [&](const json&, size_t, const char* error) { attempt.error = error; });

  const auto on_record = [&](const json& record) {
    if (!database_down.empty()) {
      throw std::runtime_error("left undone, since the database can't be reached");
    }
    attempt = {};
    attempt.message_id = identifier_of(record);
    attempted.insert(attempt.message_id);
    try {
      const json order = order_in(record);
      attempt.order = &order;
      processor.push(order);
      if (!attempt.error.empty()) throw std::invalid_argument(attempt.error);
    } catch (const orders::TimeUp&) {
      attempted.erase(attempt.message_id);
      throw;
    } catch (const std::exception& e) {
      failed.push_back({{"itemIdentifier", attempt.message_id}, {"error", e.what()}});
      if (dynamic_cast<const orders::Unreachable*>(&e)) database_down = e.what();
      throw;
    }
  };

  kiln::Context until = context;
  until.deadline = deadline.until();
  budget_ = deadline.left();
  json result;
  try {
    result =
        kiln::process_batch(event, until, on_record, {.reserve = std::chrono::milliseconds(0)});
  } catch (const std::invalid_argument& e) {
    throw orders::BadRequest(e.what());
  }
  processor.finish();
  if (together) together->commit();  // or all of the batch has failed
  failures = std::move(result["batchItemFailures"]);

  json left_undone = json::array();
  for (const json& failure : failures) {
    const auto& id = failure["itemIdentifier"].get_ref<const std::string&>();
    if (!attempted.contains(id)) left_undone.push_back(id);
  }
  const size_t total = event.at("Records").size();
  kiln::log::info(
      "batch done",
      {{"total_records", total}, {"failed", failed.size()}, {"left_undone", left_undone.size()}});
  body.add("total_records", total);
  body.add("processed_records", total - failures.size());
  body.add_json("failed", kiln::print_json(failed));
  body.add_json("left_undone", kiln::print_json(left_undone));
}

}  // namespace batch_handler
