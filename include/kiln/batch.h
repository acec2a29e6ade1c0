// process_batch: the records of a queue or stream one by one, so that one bad record is tried again
// by itself and not with the whole batch ("ReportBatchItemFailures").
//
//   return kiln::process_batch(event, context, [](const nlohmann::json& record) {
//     store(nlohmann::json::parse(record.at("body").get<std::string>()));  // may throw
//   });
//   → {"batchItemFailures":[{"itemIdentifier":"<messageId>"}]}
//
// Without trees, for a handler that takes a view (json_view.h), in a fraction of the time:
//
//   return kiln::process_batch(event, context, [](kiln::JsonView record) {
//            const kiln::JsonDocument body(record["body"].text().value());  // may throw
//            store(body.root()["id"].whole().value());
//          }).json();
//
// A record has failed when its handler throws; it is logged, and the others go on. Where order
// counts, what comes after a failure must not be done: of an SQS FIFO queue the rest of the failed
// record's message group fails unhandled, of a Kinesis or DynamoDB stream all that follows is left
// out, and the one failure names where Lambda begins again. Records that are not begun before
// `reserve` is all that is left of the time have failed, too, and are logged as left undone.
//
// An event without records, or a record that has no identifier, throws std::invalid_argument before
// any record is handled: an answer that can't name a failed record would count as a success.
//
// Threading: the records are handled on the calling thread, in their order. Ownership: nothing is
// kept. Cost: none but the handler's; it copies no record.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "kiln/context.h"
#include "kiln/json_view.h"

namespace kiln {

struct BatchOptions {
  std::chrono::milliseconds reserve{500};  // kept for the answer
};

nlohmann::json process_batch(const nlohmann::json& event, const Context& context,
                             const std::function<void(const nlohmann::json& record)>& on_record,
                             BatchOptions options = {});

// The records to try again; what names them refers to the event.
struct BatchFailures {
  std::vector<std::string_view> identifiers;

  // {"batchItemFailures":[{"itemIdentifier":"…"}]}, and the array in it.
  std::string json() const;
  std::string json_array() const;
};

BatchFailures process_batch(JsonView event, const Context& context,
                            const std::function<void(JsonView record)>& on_record,
                            BatchOptions options = {});

}  // namespace kiln
