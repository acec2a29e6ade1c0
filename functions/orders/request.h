// What is the same for every request of the three functions: its time, its errors, its answer.
//
//   return orders::answer_request(
//       event, context, config, [&](JsonView event, Deadline deadline, Body& body) {
//         body.add("order_id", store->insert(order, deadline.left()));
//       });
//
// Answers are {"statusCode","body"}, body being JSON text: 200 {"success":true,…,"priority_level",
// "processing_time" (seconds),"remaining_time_ms"}; else {"success":false,"error"}: 400 for a
// request that makes no sense, 409 for a request id that was used for another request, 503 with
// "left_undone" when the time was up, and 500 for every other failure.
//
// Threading and ownership: nothing is kept.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "config.h"
#include "kiln/context.h"
#include "kiln/json_view.h"
#include "sdk/core/json_object.h"

namespace orders {

// The caller's mistake, as opposed to a failure of ours.
class BadRequest : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The request id was used before, for something else.
class RequestIdTaken : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The time was up, and `left_undone` is not done.
class TimeUp : public std::runtime_error {
 public:
  explicit TimeUp(std::string left_undone)
      : std::runtime_error("the time is up; left undone: " + left_undone),
        left_undone_(std::move(left_undone)) {}
  const std::string& left_undone() const { return left_undone_; }

 private:
  std::string left_undone_;
};

// When a request has to be over: MAX_PROCESSING_TIME after it came, or shortly before the platform
// ends it, whichever is first.
class Deadline {
 public:
  static constexpr std::chrono::milliseconds kReserve{300};  // kept for the answer

  Deadline(const kiln::Context& context, std::chrono::seconds max_processing_time)
      : until_(std::min(std::chrono::system_clock::now() + max_processing_time,
                        context.deadline - kReserve)) {}

  // Never negative.
  std::chrono::milliseconds left() const {
    return std::max(std::chrono::milliseconds(0),
                    std::chrono::duration_cast<std::chrono::milliseconds>(
                        until_ - std::chrono::system_clock::now()));
  }
  // What is left for `next`. Throws TimeUp when nothing is.
  std::chrono::milliseconds left_for(const std::string& next) const {
    const auto time = left();
    if (time.count() == 0) throw TimeUp(next);
    return time;
  }
  std::chrono::system_clock::time_point until() const { return until_; }

 private:
  std::chrono::system_clock::time_point until_;
};

using Body = kiln::sdk::JsonObject;

struct Answer {
  int status_code;
  std::string body;  // JSON

  // {"statusCode","body"}, and before them "batchItemFailures" where there is JSON for it.
  std::string text(std::string_view batch_item_failures = {}) const;
};

// `work` gives the answer's members but for the common ones. Never throws for what an event can
// hold or a backend can do.
Answer answer_request(
    kiln::JsonView event, const kiln::Context& context, const Config& config,
    const std::function<void(kiln::JsonView event, Deadline deadline, Body& body)>& work);

}  // namespace orders
