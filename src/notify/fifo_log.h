// What FIFO topics took in the last five minutes: whoever publishes the same again gets the same
// answer, and nothing is delivered. Numbers the messages, upwards.
//
// Not thread-safe. Costs an entry for each message of those minutes; nothing survives Kiln's end.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "base/clock.h"
#include "notify/message.h"
#include "notify/topic.h"

namespace kiln::notify {

class FifoLog {
 public:
  static constexpr std::chrono::minutes kInterval{5};

  struct Entry {
    std::string message_id;
    std::string sequence_number;  // 20 digits
    WallTime when;
  };
  enum class Taken { kNew, kAgain };
  // `message_id` is what the message is called when it is new. REQUIRES: a FIFO topic, and the
  // message has a group and a deduplication id.
  std::pair<Taken, Entry> take(const Topic& topic, const Message& message,
                               const std::string& message_id, WallTime now);
  // A topic that is deleted: the next one of that name begins anew.
  void forget(const TopicArn& topic);

 private:
  std::map<std::string, Entry> entries_;
  std::deque<std::pair<WallTime, std::string>> by_age_;
  uint64_t last_number_ = 0;
};

}  // namespace kiln::notify
