#include "notify/fifo_log.h"

#include <algorithm>

namespace kiln::notify {
namespace {

constexpr size_t kSequenceDigits = 20;

// Begins with the topic, so that all of one topic stand together.
std::string key_of(const Topic& topic, const Message& message) {
  const bool by_group = topic.attribute("FifoThroughputScope") == "MessageGroup";
  return topic.arn.text() + "\n" + (by_group ? message.group_id : "") + "\n" +
         message.deduplication_id;
}

// As SNS writes it: 10000000000000003000.
std::string number_text(uint64_t number) {
  const std::string digits = std::to_string(number);
  return "1" +
         std::string(kSequenceDigits - 1 - std::min(kSequenceDigits - 1, digits.size()), '0') +
         digits;
}

}  // namespace

std::pair<FifoLog::Taken, FifoLog::Entry> FifoLog::take(const Topic& topic, const Message& message,
                                                        const std::string& message_id,
                                                        WallTime now) {
  while (!by_age_.empty() && by_age_.front().first + kInterval <= now) {
    const auto found = entries_.find(by_age_.front().second);
    if (found != entries_.end() && found->second.when == by_age_.front().first)
      entries_.erase(found);
    by_age_.pop_front();
  }
  const std::string key = key_of(topic, message);
  if (const auto found = entries_.find(key); found != entries_.end())
    return {Taken::kAgain, found->second};
  // By the clock, so that numbers go upwards over restarts, too.
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  last_number_ = std::max(last_number_ + 1, static_cast<uint64_t>(std::max<int64_t>(0, ms)) * 1000);
  Entry entry{message_id, number_text(last_number_), now};
  entries_.emplace(key, entry);
  by_age_.emplace_back(now, key);
  return {Taken::kNew, std::move(entry)};
}

void FifoLog::forget(const TopicArn& topic) {
  const std::string prefix = topic.text() + "\n";
  auto end = entries_.lower_bound(prefix);
  const auto begin = end;
  while (end != entries_.end() && end->first.starts_with(prefix)) ++end;
  entries_.erase(begin, end);
}

}  // namespace kiln::notify
