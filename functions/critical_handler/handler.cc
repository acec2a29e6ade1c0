#include "handler.h"

#include "kiln/log.h"

namespace critical_handler {

Handler::Handler(orders::Config config)
    : config_(std::move(config)), store_([this] { return orders::open_store(config_, budget_); }) {}

std::string Handler::handle(kiln::JsonView event, const kiln::Context& context) {
  return orders::answer_request(event, context, config_,
                                [this](kiln::JsonView request, const orders::Deadline& deadline,
                                       orders::Body& body) { authorize(request, deadline, body); })
      .text();
}

void Handler::authorize(kiln::JsonView event, const orders::Deadline& deadline,
                        orders::Body& body) {
  const orders::Payment payment = orders::read_payment(event);
  const auto left = deadline.left_for(payment.request_id);
  const bool too_much = config_.payment_limit && payment.amount > *config_.payment_limit;
  budget_ = left;
  const auto stored = store_->authorize(
      payment, too_much ? orders::Status::kDeclined : orders::Status::kAuthorized, left);
  orders::check_same(payment, stored.payment);
  kiln::log::info("payment answered", {{"payment", payment.request_id},
                                       {"status", orders::name_of(stored.status)},
                                       {"duplicate", !stored.is_new}});
  body.add("request_id", payment.request_id);
  body.add("authorization_id", stored.id);
  body.add("status", orders::name_of(stored.status));
  orders::add_amount(body, payment.amount);
  body.add("currency", payment.currency);
  body.add("duplicate", !stored.is_new);
}

}  // namespace critical_handler
