// standard_handler: enriches one order and stores it, once.
//
//   {"order":{"request_id","user_id","amount","currency","items":[…],"name","email"}}, or the same
//   without "order"; orders/order.h says what they may hold
//       → {"success":true,"order":{"order_id","request_id","user_id","amount","currency",
//          "item_count","customer","priority","received_at","status":"stored"},"duplicate",…}
//
// Added to an order: its amount from its items, its currency in capitals, the customer's name and
// address cleaned and judged as kiln::DataProcessor does, priority and time. An order without
// request_id has the invocation's, which stays the same when Lambda tries an event again; the same
// order again is not stored a second time. orders/request.h has the rest of the answers.
//
// Threading: one invocation at a time. Ownership: owns its connection. Cost: init none; the store
// is opened at the first request.
#pragma once

#include <chrono>
#include <string>

#include "kiln/context.h"
#include "kiln/json_view.h"
#include "kiln/lazy.h"
#include "orders/config.h"
#include "orders/request.h"
#include "orders/store.h"

namespace standard_handler {

class Handler {
 public:
  explicit Handler(orders::Config config);

  // Returns JSON text. Never throws for what an event can hold or a backend can do.
  std::string handle(kiln::JsonView event, const kiln::Context& context);

 private:
  void store(kiln::JsonView event, const std::string& request_id, const orders::Deadline& deadline,
             orders::Body& body);

  const orders::Config config_;
  std::chrono::milliseconds budget_{0};  // of the request that opens the store
  kiln::Lazy<orders::Store> store_;
};

}  // namespace standard_handler
