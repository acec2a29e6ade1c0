// batch_handler: enriches and stores the orders of a batch, each by itself.
//
//   {"Records":[{"messageId","body":"<an order, or {\"order\":…}, as JSON text>"}]}
//       → {"statusCode":200,"batchItemFailures":[{"itemIdentifier":"<messageId>"}],"body"}
//   body, as JSON text: {"success":true,"total_records","processed_records",
//       "failed":[{"itemIdentifier","error"}],"left_undone":["<messageId>"],…}
//
// "batchItemFailures" is what Lambda reads: the records to try again, those left undone included.
// Each record goes through kiln::DataProcessor, which cleans the customer's fields and keeps an eye
// on the memory, is enriched as standard_handler does it, and stored once under its request_id, or
// the messageId of a record without one. Records are left undone when the time is up, when a record
// before it in its FIFO group failed, and when the database can't be reached.
//
// A batch with a record that has no identifier is 400 with an empty itemIdentifier, which makes
// Lambda try all of it again; so is every failure of the whole.
//
// Threading: one invocation at a time. Ownership: owns its connection. Cost: init none; about 1 µs
// for a record, and what the database takes.
#pragma once

#include <chrono>
#include <string>

#include "kiln/context.h"
#include "kiln/json_view.h"
#include "kiln/lazy.h"
#include "orders/config.h"
#include "orders/request.h"
#include "orders/store.h"

namespace batch_handler {

// Keeps the memory of a batch for the next one: by default the C library gives it back after each,
// and that takes time. For main().
void keep_heap();

class Handler {
 public:
  explicit Handler(orders::Config config);

  // Returns JSON text. Never throws for what an event can hold or a backend can do.
  std::string handle(kiln::JsonView event, const kiln::Context& context);

 private:
  // The failures go to `failures` in the form that Lambda reads, as JSON text.
  void process(kiln::JsonView event, const kiln::Context& context, const orders::Deadline& deadline,
               std::string& failures, orders::Body& body);

  const orders::Config config_;
  std::chrono::milliseconds budget_{0};  // of the request that opens the store
  kiln::Lazy<orders::Store> store_;
};

}  // namespace batch_handler
