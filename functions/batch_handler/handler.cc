#include "handler.h"

#include <malloc.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "kiln/batch.h"
#include "kiln/batch_processor.h"
#include "kiln/json_handler.h"
#include "kiln/log.h"
#include "kiln/memory_profiler.h"
#include "orders/order.h"

namespace batch_handler {
namespace {

using kiln::JsonView;
using nlohmann::json;

// The order in a record's body, which is read into `body`.
JsonView order_in(JsonView record, std::optional<kiln::JsonDocument>& body) {
  const auto text = record["body"].text();
  if (!text) throw std::invalid_argument("the record has no body");
  try {
    body.emplace(*text);
  } catch (const std::invalid_argument&) {
    throw std::invalid_argument("the record's body is no JSON");
  }
  const JsonView order = body->root();
  const JsonView inner = order["order"];
  return inner.absent() ? order : inner;
}

}  // namespace

void keep_heap() {
  constexpr int kKept = 4 * 1024 * 1024;
  ::mallopt(M_TRIM_THRESHOLD, kKept);
  ::mallopt(M_MMAP_THRESHOLD, kKept);
}

Handler::Handler(orders::Config config)
    : config_(std::move(config)), store_([this] { return orders::open_store(config_, budget_); }) {}

std::string Handler::handle(JsonView event, const kiln::Context& context) {
  std::string failures = R"([{"itemIdentifier":""}])";  // all of the batch, unless it says else
  const orders::Answer answer = orders::answer_request(
      event, context, config_,
      [&](JsonView batch, const orders::Deadline& deadline, orders::Body& body) {
        process(batch, context, deadline, failures, body);
      });
  return answer.text(failures);
}

void Handler::process(JsonView event, const kiln::Context& context,
                      const orders::Deadline& deadline, std::string& failures, orders::Body& body) {
  struct Attempt {
    JsonView order;
    std::string message_id;
    std::string error;
  } attempt;
  std::string database_down;
  std::vector<std::string_view> attempted;
  json failed = json::array();

  std::optional<orders::Batch> together;
  kiln::MemoryProfiler profiler;
  kiln::DataProcessor processor(
      {.memory_limit_mb = static_cast<double>(context.memory_limit_mb)}, profiler,
      [&](const kiln::ProcessedRecord& customer) {
        const orders::Order order = orders::enrich_order(
            attempt.order, customer, attempt.message_id, config_.priority_level);
        if (!together) together.emplace(*store_);
        const auto stored = store_->insert(order, deadline.left());
        orders::check_same(order, stored.payment);
      },
      [&](const json&, size_t, const char* error) { attempt.error = error; });

  std::optional<kiln::JsonDocument> order_text;
  const auto on_record = [&](JsonView record) {
    if (!database_down.empty()) {
      throw std::runtime_error("left undone, since the database can't be reached");
    }
    const auto id = record["messageId"].text().value_or(std::string_view());
    attempt.message_id = id;
    attempt.error.clear();
    attempted.push_back(id);
    try {
      attempt.order = order_in(record, order_text);
      processor.push(attempt.order);
      if (!attempt.error.empty()) throw std::invalid_argument(attempt.error);
    } catch (const orders::TimeUp&) {
      std::erase(attempted, id);
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
  kiln::BatchFailures result;
  try {
    result =
        kiln::process_batch(event, until, on_record, {.reserve = std::chrono::milliseconds(0)});
  } catch (const std::invalid_argument& e) {
    throw orders::BadRequest(e.what());
  }
  processor.finish();
  if (together) together->commit();  // or all of the batch has failed
  failures = result.json_array();

  if (!result.identifiers.empty()) std::sort(attempted.begin(), attempted.end());
  json left_undone = json::array();
  for (const std::string_view id : result.identifiers) {
    if (!std::binary_search(attempted.begin(), attempted.end(), id)) left_undone.push_back(id);
  }
  const size_t total = event["Records"].size();
  kiln::log::info(
      "batch done",
      {{"total_records", total}, {"failed", failed.size()}, {"left_undone", left_undone.size()}});
  body.add("total_records", total);
  body.add("processed_records", total - result.identifiers.size());
  body.add_json("failed", kiln::print_json(failed));
  body.add_json("left_undone", kiln::print_json(left_undone));
}

}  // namespace batch_handler
