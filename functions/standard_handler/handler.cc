#include "handler.h"

#include "kiln/batch_processor.h"
#include "kiln/log.h"
#include "orders/order.h"

namespace standard_handler {
namespace {

using kiln::JsonView;

kiln::ProcessedRecord cleaned(JsonView order) {
  try {
    return kiln::process_record(order, std::chrono::system_clock::now());
  } catch (const std::invalid_argument& e) {
    throw orders::BadRequest(e.what());
  }
}

}  // namespace

Handler::Handler(orders::Config config)
    : config_(std::move(config)), store_([this] { return orders::open_store(config_, budget_); }) {}

std::string Handler::handle(JsonView event, const kiln::Context& context) {
  const std::string request_id(context.request_id);
  return orders::answer_request(
             event, context, config_,
             [&](JsonView request, const orders::Deadline& deadline, orders::Body& body) {
               store(request, request_id, deadline, body);
             })
      .text();
}

void Handler::store(JsonView event, const std::string& request_id, const orders::Deadline& deadline,
                    orders::Body& body) {
  const JsonView inner = event["order"];
  const JsonView given = inner.absent() ? event : inner;
  const orders::Order order =
      orders::enrich_order(given, cleaned(given), request_id, config_.priority_level);
  const auto left = deadline.left_for(order.request_id);
  budget_ = left;
  const auto stored = store_->insert(order, left);
  orders::check_same(order, stored.payment);
  kiln::log::info(
      "order stored",
      {{"order", order.request_id}, {"order_id", stored.id}, {"duplicate", !stored.is_new}});
  kiln::sdk::JsonObject answered;
  orders::add_members(answered, order);
  answered.add("order_id", stored.id);
  answered.add("status", "stored");
  body.add_json("order", answered.text());
  body.add("duplicate", !stored.is_new);
}

}  // namespace standard_handler
