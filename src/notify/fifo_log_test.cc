#include "notify/fifo_log.h"

#include <gtest/gtest.h>

namespace kiln::notify {
namespace {

using Taken = FifoLog::Taken;

Topic topic(const std::string& name, const Attributes& attributes = {}) {
  Topic out;
  out.arn = {"eu-west-1", "000000000000", name};
  out.attributes = attributes;
  return out;
}

Message message(const std::string& group, const std::string& deduplication_id) {
  Message out;
  out.group_id = group;
  out.deduplication_id = deduplication_id;
  return out;
}

const WallTime kStart{std::chrono::hours(500'000)};

TEST(FifoLog, TheSameWithinFiveMinutesIsTheFirstOnesAnswer) {
  FifoLog log;
  const auto first = log.take(topic("t.fifo"), message("g", "d"), "one", kStart);
  EXPECT_EQ(first.first, Taken::kNew);
  EXPECT_EQ(first.second.sequence_number.size(), 20U);
  const auto last = kStart + FifoLog::kInterval - std::chrono::milliseconds(1);
  const auto again = log.take(topic("t.fifo"), message("g", "d"), "two", last);
  EXPECT_EQ(again.first, Taken::kAgain);
  EXPECT_EQ(again.second.message_id, "one");
  EXPECT_EQ(again.second.sequence_number, first.second.sequence_number);
  const auto later =
      log.take(topic("t.fifo"), message("g", "d"), "three", kStart + FifoLog::kInterval);
  EXPECT_EQ(later.first, Taken::kNew);
  EXPECT_EQ(later.second.message_id, "three");
}

TEST(FifoLog, NumbersGoUpwards) {
  FifoLog log;
  std::string before;
  for (const char* id : {"a", "b", "c"}) {
    const auto taken = log.take(topic("t.fifo"), message("g", id), id, kStart);
    EXPECT_GT(taken.second.sequence_number, before);
    before = taken.second.sequence_number;
  }
  // A new run begins above what the last one gave.
  FifoLog next;
  EXPECT_GT(next.take(topic("t.fifo"), message("g", "a"), "a", kStart + std::chrono::seconds(1))
                .second.sequence_number,
            before);
}

TEST(FifoLog, TheTopicsScopeSaysWhetherGroupsAreApart) {
  FifoLog log;
  const Topic whole = topic("whole.fifo"),
              by_group = topic("groups.fifo", {{"FifoThroughputScope", "MessageGroup"}});
  for (const Topic& each : {whole, by_group})
    EXPECT_EQ(log.take(each, message("g", "d"), "1", kStart).first, Taken::kNew);
  EXPECT_EQ(log.take(whole, message("h", "d"), "2", kStart).first, Taken::kAgain);
  EXPECT_EQ(log.take(by_group, message("h", "d"), "2", kStart).first, Taken::kNew);
  EXPECT_EQ(log.take(by_group, message("h", "d"), "3", kStart).first, Taken::kAgain);
}

TEST(FifoLog, ATopicThatWasDeletedBeginsAnew) {
  FifoLog log;
  log.take(topic("t.fifo"), message("g", "d"), "1", kStart);
  log.take(topic("tt.fifo"), message("g", "d"), "1", kStart);
  log.forget(topic("t.fifo").arn);
  EXPECT_EQ(log.take(topic("t.fifo"), message("g", "d"), "2", kStart).first, Taken::kNew);
  EXPECT_EQ(log.take(topic("tt.fifo"), message("g", "d"), "2", kStart).first, Taken::kAgain);
}

}  // namespace
}  // namespace kiln::notify
