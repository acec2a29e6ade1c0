// critical_handler: authorises one payment, once.
//
//   {"request_id","user_id","amount","currency"}      orders/order.h says what they may hold
//       → {"success":true,"request_id","authorization_id","status":"authorized" or "declined",
//          "amount","currency","duplicate",…}
//
// A payment above PAYMENT_LIMIT is declined. The same request again gets the first one's answer
// with "duplicate": true, and nothing is stored a second time; a request id that was used for
// another payment is 409. orders/request.h has the rest of the answers. Declined and authorised
// payments are both kept, in payment_authorizations (orders/schema.sql).
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

namespace critical_handler {

class Handler {
 public:
  explicit Handler(orders::Config config);

  // Returns JSON text. Never throws for what an event can hold or a backend can do.
  std::string handle(kiln::JsonView event, const kiln::Context& context);

 private:
  void authorize(kiln::JsonView event, const orders::Deadline& deadline, orders::Body& body);

  const orders::Config config_;
  std::chrono::milliseconds budget_{0};  // of the request that opens the store
  kiln::Lazy<orders::Store> store_;
};

}  // namespace critical_handler
