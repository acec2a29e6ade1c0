#include "sandbox/last_words.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "sandbox/launcher_message.h"

namespace kiln::sandbox {
namespace {

using Kind = ExitStatus::Kind;

class LastWordsTest : public testing::Test {
 protected:
  WordsLine::Speaker add() { return *line_->add(); }
  static void say(const WordsLine::Speaker& speaker, ExitStatus status,
                  std::string_view step = {}) {
    BlankFds fds;
    fds.status = speaker.socket;
    fds.number = speaker.number;
    send_status(fds, status, step);
  }

  SystemClock clock_;
  net::IoLoop loop_{0, clock_};
  std::shared_ptr<WordsLine> line_ = std::make_shared<WordsLine>(loop_);
};

TEST_F(LastWordsTest, EachIsHeardForItself) {
  const auto first = add(), second = add(), silent = add();
  EXPECT_FALSE(first.words->read());
  say(second, {Kind::kSignaled, 11});
  say(first, {Kind::kExited, 3});
  ASSERT_TRUE(first.words->read());
  EXPECT_EQ(first.words->read()->kind, Kind::kExited);
  EXPECT_EQ(first.words->read()->value, 3);
  ASSERT_TRUE(second.words->read());
  EXPECT_EQ(second.words->read()->kind, Kind::kSignaled);
  EXPECT_EQ(second.words->read()->value, 11);
  EXPECT_FALSE(silent.words->read());
}

TEST_F(LastWordsTest, TheFirstCounts) {
  const auto one = add();
  say(one, {Kind::kSetupFailed, 2}, "mounting /a at /var/task");
  say(one, {Kind::kExited, 1});
  ASSERT_TRUE(one.words->read());
  EXPECT_EQ(one.words->read()->kind, Kind::kSetupFailed);
  EXPECT_EQ(one.words->failed_at(), "sandbox set-up: mounting /a at /var/task: ");
}

TEST_F(LastWordsTest, TheLoopTellsWhetherItWasSaidBeforeOrIsSaidLater) {
  const auto before = add(), later = add();
  int told = 0;
  say(before, {Kind::kExited, 0});
  ASSERT_TRUE(before.words->read());
  before.words->when_said([&] { ++told; });
  EXPECT_EQ(told, 0) << "not within the call";
  loop_.drain();
  EXPECT_EQ(told, 1);
  later.words->when_said([&] { ++told; });
  loop_.drain();
  EXPECT_EQ(told, 1);
  say(later, {Kind::kExited, 0});
  loop_.drain();
  EXPECT_EQ(told, 2);
  loop_.drain();
  EXPECT_EQ(told, 2) << "once";
}

TEST_F(LastWordsTest, WhatNobodyWaitsForIsDropped) {
  auto gone = add();
  const auto other = add();
  say(gone, {Kind::kExited, 1});
  gone.words.reset();
  say({nullptr, other.socket, 12'345}, {Kind::kExited, 1});
  EXPECT_EQ(::write(other.socket, "x", 1), 1);
  say(other, {Kind::kExited, 2});
  ASSERT_TRUE(other.words->read());
  EXPECT_EQ(other.words->read()->value, 2);
}

TEST_F(LastWordsTest, ItMayOutliveTheLine) {
  const auto one = add();
  line_.reset();
  EXPECT_FALSE(one.words->read());
  one.words->when_said([] { FAIL(); });
  loop_.drain();
}

TEST_F(LastWordsTest, OneWithAPipeOfItsOwnNeedsNoNumber) {
  int pair[2];
  ASSERT_EQ(::pipe(pair), 0);
  LastWords words{UniqueFd(pair[0])};
  const UniqueFd end(pair[1]);
  EXPECT_FALSE(words.read());
  const ExitStatus status{Kind::kExited, 7};
  ASSERT_EQ(::write(end.get(), &status, sizeof status), static_cast<ssize_t>(sizeof status));
  ASSERT_TRUE(words.read());
  EXPECT_EQ(words.read()->value, 7);
}

}  // namespace
}  // namespace kiln::sandbox
