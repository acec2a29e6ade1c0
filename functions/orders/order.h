// Payments and orders: what a valid one is, and what is added to one.
//
//   {"request_id","user_id","amount","currency"}                                      a payment
//   {"request_id","user_id","amount","currency","items":[{"sku","quantity","price"}],"name","email"}
//                                                                                     an order
//
// request_id: a text of 1 to 128 bytes. user_id: such a text, or a whole number. amount and price:
// money.h. currency: three letters, USD when absent. An order's amount may be left out when it has
// items; when it has both they must agree. Up to 1,000 items, each of a quantity from 1 to
// 1,000,000.
//
// Threading and ownership: plain values and pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "kiln/batch_processor.h"
#include "money.h"

namespace orders {

struct Payment {
  std::string request_id;
  std::string user_id;
  Cents amount = 0;
  std::string currency;
};

struct Order : Payment {
  int64_t item_count = 0;  // the sum of the quantities
  // Of the customer, cleaned; empty when the order has neither name nor address.
  std::string customer_name;
  std::string customer_email;
  std::string customer_status;  // valid, invalid_name or invalid_email
  std::string priority;
  std::chrono::milliseconds received_at{0};  // since 1970
};

// 2026-01-02T03:04:05.678Z
std::string written(std::chrono::milliseconds since_1970);

// Throws BadRequest, which names the field.
Payment read_payment(kiln::JsonView event);

// `customer` is the same record after kiln::process_record(). `request_id` is for orders that have
// none of their own. Throws BadRequest, which names the field.
Order enrich_order(kiln::JsonView order, const kiln::ProcessedRecord& customer,
                   const std::string& request_id, const std::string& priority);

// Adds "request_id","user_id","amount","currency","item_count","customer":{"name","email",
// "validation_status"} or null,"priority","received_at"
void add_members(kiln::sdk::JsonObject& out, const Order& order);

}  // namespace orders
