// Events ahead of their turn, with both sides of the shared memory: the engine's and the SDK's.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <random>
#include <string>
#include <thread>

#include "sandbox/ring_memory.h"
#include "sdk/core/channel_memory.h"

namespace kiln::sandbox {
namespace {

class StagedEventsTest : public testing::Test {
 protected:
  StagedEventsTest() : engine_(RingMemory::make()) {
    int pair[2] = {-1, -1};
    EXPECT_EQ(::pipe2(pair, O_CLOEXEC | O_NONBLOCK), 0);
    printed_ = UniqueFd(pair[0]);
    output_ = UniqueFd(pair[1]);
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    bell_ = UniqueFd(pair[0]);
    ours_ = UniqueFd(pair[1]);
    function_ = std::make_unique<sdk::ChannelMemory>(output_.get());
    EXPECT_TRUE(function_->reserve());
    EXPECT_TRUE(function_->map(engine_->descriptor()));
  }

  void put(const std::string& payload) { ASSERT_TRUE(engine_->put_event("m", payload)); }
  bool stage(const std::string& payload) { return engine_->stage_event("m", payload); }
  // What the function gets: "nothing" if it would sleep.
  std::string take() {
    if (!function_->has_event()) return "nothing";
    std::string_view meta, payload;
    EXPECT_TRUE(function_->take_event(meta, payload));
    EXPECT_EQ(meta, "m");
    return std::string(payload);
  }
  void answer(const std::string& body) {
    function_->answer(FrameType::kResult, "id", body, bell_.get());
  }
  // What the engine hears: "nothing" if there is no answer.
  std::string hear() {
    if (!engine_->in_hand() || !engine_->answered()) return "nothing";
    RingMemory::Answer out;
    EXPECT_TRUE(engine_->take_answer(out));
    return out.body;
  }
  void print(const std::string& text) {
    EXPECT_EQ(::write(output_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string read() {
    char bytes[4096];
    engine_->begin_reading();
    const ssize_t n = ::read(printed_.get(), bytes, sizeof bytes);
    engine_->end_reading();
    return n < 0 ? std::string() : std::string(bytes, static_cast<size_t>(n));
  }

  std::unique_ptr<RingMemory> engine_;
  std::unique_ptr<sdk::ChannelMemory> function_;
  UniqueFd printed_, output_, bell_, ours_;
};

TEST(ChannelMemory, RehearsesWithAnEventOfItsOwnAndForgetsIt) {
  sdk::ChannelMemory memory;
  EXPECT_FALSE(memory.begin_rehearsal("m", "before it has its addresses"));
  ASSERT_TRUE(memory.reserve());
  EXPECT_FALSE(memory.begin_rehearsal("m", std::string(ring::kSmall, 'x'))) << "a byte too much";
  ASSERT_TRUE(memory.begin_rehearsal("m", std::string(ring::kSmall - 1, 'x')));
  EXPECT_FALSE(memory.begin_rehearsal("m", "another"));
  ASSERT_EQ(memory.wait(), sdk::ChannelMemory::Woke::kEvent);
  std::string_view meta, payload;
  ASSERT_TRUE(memory.take_event(meta, payload));
  EXPECT_EQ(meta, "m");
  EXPECT_EQ(payload.size(), ring::kSmall - 1);
  memory.answer(FrameType::kResult, "id", std::string(ring::kSmall, 'x'), -1);
  memory.answer(FrameType::kResult, "id", "rehearsed", -1);
  memory.end_rehearsal();
  EXPECT_FALSE(memory.mapped());

  const auto engine = RingMemory::make();
  ASSERT_TRUE(memory.map(engine->descriptor()));
  EXPECT_FALSE(memory.has_event());
  ASSERT_TRUE(engine->put_event("m", "1"));
  ASSERT_TRUE(memory.has_event());
  ASSERT_TRUE(memory.take_event(meta, payload));
  EXPECT_EQ(payload, "1");
  EXPECT_FALSE(engine->answered());
  memory.answer(FrameType::kResult, "id", "2", -1);
  EXPECT_TRUE(engine->answered());
}

TEST_F(StagedEventsTest, AreTakenBehindTheAnswerAndHaveTheirTurnLater) {
  put("1");
  EXPECT_EQ(take(), "1");
  EXPECT_TRUE(stage("2"));
  EXPECT_TRUE(stage("3"));
  answer("1's");
  EXPECT_EQ(take(), "2");
  answer("2's");
  EXPECT_EQ(take(), "3");
  EXPECT_EQ(hear(), "1's");
  EXPECT_EQ(hear(), "nothing") << "no event is in hand";
  EXPECT_TRUE(engine_->first_is_taken());
  engine_->begin_staged();
  EXPECT_EQ(hear(), "2's");
  engine_->begin_staged();
  EXPECT_EQ(hear(), "nothing");
  answer("3's");
  EXPECT_EQ(hear(), "3's");
  EXPECT_EQ(take(), "nothing");
  put("4");
  EXPECT_EQ(take(), "4");
}

TEST_F(StagedEventsTest, OneThatWasNotTakenIsWokenForByItsTurn) {
  put("1");
  EXPECT_EQ(take(), "1");
  EXPECT_TRUE(stage("2"));
  print("x");
  answer("1's");
  std::thread sleeper([this] {
    EXPECT_EQ(function_->wait(), sdk::ChannelMemory::Woke::kEvent);
    std::string_view meta, payload;
    EXPECT_TRUE(function_->take_event(meta, payload));
    EXPECT_EQ(payload, "2");
    answer("2's");
  });
  while (hear() != "1's") {
  }
  EXPECT_FALSE(engine_->first_is_taken()) << "what it printed was not read";
  engine_->begin_staged();
  sleeper.join();
  EXPECT_EQ(hear(), "2's");
}

TEST_F(StagedEventsTest, AreTakenBack) {
  put("1");
  EXPECT_EQ(take(), "1");
  EXPECT_TRUE(stage("2"));
  EXPECT_TRUE(stage("3"));
  EXPECT_TRUE(engine_->take_back());
  answer("1's");
  EXPECT_EQ(take(), "2");
  EXPECT_FALSE(engine_->take_back()) << "it was taken";
  EXPECT_TRUE(stage("other"));
  answer("2's");
  EXPECT_EQ(take(), "other");
  EXPECT_EQ(engine_->staged(), 2U);
}

TEST_F(StagedEventsTest, AreSmallAndFew) {
  put("1");
  EXPECT_FALSE(stage(std::string(ring::kSmall, 'x'))) << "and the meta";
  EXPECT_TRUE(stage(std::string(ring::kSmall - 1, 'x')));
  for (uint32_t n = 1; n < RingMemory::kMostStaged; ++n) EXPECT_TRUE(stage("x"));
  EXPECT_FALSE(stage("x"));
  EXPECT_TRUE(engine_->take_back());
  EXPECT_TRUE(stage("x"));
}

TEST_F(StagedEventsTest, ALargeAnswerIsReadBeforeTheNextOneIsWritten) {
  const std::string large(100'000, 'l'), other(100'000, 'o');
  put("1");
  EXPECT_EQ(take(), "1");
  EXPECT_TRUE(stage("2"));
  EXPECT_TRUE(stage("3"));
  answer("1's");
  EXPECT_EQ(take(), "2");
  answer(large);
  EXPECT_EQ(take(), "nothing") << "its answer could be large";
  EXPECT_EQ(hear(), "1's");
  engine_->begin_staged();
  EXPECT_TRUE(hear() == large);
  engine_->begin_staged();
  EXPECT_EQ(take(), "3");
  answer(other);
  EXPECT_TRUE(hear() == other);
}

TEST_F(StagedEventsTest, WhoeverHasPrintedTakesNothingBeforeThatIsRead) {
  put("1");
  EXPECT_EQ(take(), "1");
  EXPECT_TRUE(stage("2"));
  print("of 1");
  answer("1's");
  EXPECT_EQ(take(), "nothing");
  engine_->begin_reading();
  EXPECT_EQ(take(), "nothing") << "it is being read";
  engine_->end_reading();
  EXPECT_EQ(read(), "of 1");
  EXPECT_EQ(engine_->printed_ahead(), 0U);
  EXPECT_EQ(take(), "2");
}

TEST_F(StagedEventsTest, WhatIsReadBelongsToTheEventAtWhichItWasPrinted) {
  put("1");
  EXPECT_EQ(take(), "1");
  for (const char* payload : {"2", "3", "4"}) EXPECT_TRUE(stage(payload));
  print("of 1");
  EXPECT_EQ(read(), "of 1");
  answer("1's");
  EXPECT_EQ(take(), "2");
  EXPECT_EQ(engine_->printed_ahead(), 0U) << "that was before";
  answer("2's");
  EXPECT_EQ(take(), "3");
  print("of 3");
  EXPECT_EQ(read(), "of 3");
  EXPECT_EQ(engine_->printed_ahead(), 2U);
  EXPECT_EQ(hear(), "1's");
  engine_->begin_staged();
  EXPECT_EQ(engine_->printed_ahead(), 1U);
  EXPECT_EQ(hear(), "2's");
  engine_->begin_staged();
  EXPECT_EQ(engine_->printed_ahead(), 0U);
}

TEST_F(StagedEventsTest, NumbersGoRoundAndNoneIsZero) {
  EXPECT_EQ(ring::after(ring::kLastNumber), 1U);
  EXPECT_EQ(ring::after(ring::kLastNumber - 1), ring::kLastNumber);
  put("1");
  EXPECT_EQ(take(), "1");
  EXPECT_FALSE(function_->has_event()) << "an empty stage holds nothing";
}

// A function on a thread of its own that prints at some events, and an engine that reads, hears,
// stages and takes back at any moment: each event is answered once, and what was printed is its
// own.
TEST_F(StagedEventsTest, AnyOrderKeepsEventsAndOutputApart) {
  std::thread function([this] {
    std::mt19937 random(3);
    for (;;) {
      const auto woke = function_->wait();
      if (woke == sdk::ChannelMemory::Woke::kInterrupted) continue;
      std::string_view meta, payload;
      if (woke == sdk::ChannelMemory::Woke::kStop || !function_->take_event(meta, payload)) return;
      const std::string event(payload);
      if (event == "end") return answer(event);
      for (auto lines = random() % 3; lines > 0; --lines) print(event + "\n");
      answer(event);
    }
  });
  std::mt19937 random(5);
  int next = 0, ended = 0, ahead = 0;
  std::deque<std::string> due;  // in hand, then staged
  std::deque<std::string> again;
  const auto make = [&] {
    if (again.empty()) return std::to_string(next++);
    std::string event = again.front();
    again.pop_front();
    return event;
  };
  std::string kept;
  size_t kept_for = 0;
  const auto check = [&](const std::string& text, const std::string& event) {
    for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
      ASSERT_EQ(text.substr(at, text.find('\n', at) - at), event);
  };
  const auto read_all = [&] {
    // As a sandbox does: nothing is read that was printed ahead, if that is known before.
    if (due.empty() || kept_for > 0) return;
    if (engine_->staged() > 0 && engine_->first_is_taken()) return;
    const std::string text = read();
    if ((kept_for = text.empty() ? 0 : engine_->printed_ahead()) > 0) {
      ++ahead;
      kept = text;
    } else {
      check(text, due.front());
    }
  };
  while (ended < 20'000 && !HasFatalFailure()) {
    if (due.empty()) {
      due.push_back(make());
      put(due.back());
    }
    switch (random() % 5) {
      case 0:
      case 1:
        if (std::string event = make(); stage(event))
          due.push_back(event);
        else
          again.push_front(event);
        break;
      case 2:
        if (random() % 4 == 0 && due.size() > 1 && engine_->take_back()) {
          again.push_front(due.back());
          due.pop_back();
        }
        break;
      case 3:
        read_all();
        break;
      default:
        const bool answered = engine_->answered();
        read_all();
        if (!answered) break;
        ASSERT_EQ(hear(), due.front());
        due.pop_front();
        ++ended;
        if (due.empty()) break;
        engine_->begin_staged();
        if (kept_for > 0 && --kept_for == 0) check(kept, due.front());
    }
  }
  while (due.size() > 1 && engine_->take_back()) due.pop_back();
  while (!due.empty()) {
    read();
    if (hear() == "nothing") continue;
    due.pop_front();
    if (!due.empty()) engine_->begin_staged();
  }
  put("end");
  function.join();
}

// Hostile words in the memory: the engine reads nothing outside, and gives each event its turn.
TEST_F(StagedEventsTest, AnyWordsOfTheFunctionHarmNobody) {
  char* at = static_cast<char*>(
      ::mmap(nullptr, ring::kSize, PROT_READ | PROT_WRITE, MAP_SHARED, engine_->descriptor(), 0));
  auto& header = *reinterpret_cast<ring::Header*>(at);
  std::mt19937_64 random(11);
  put("1");
  for (int i = 0; i < 20'000; ++i) {
    const auto word = static_cast<uint32_t>(random() >> (32 + random() % 32));
    ring::Staged& staged = header.staged[random() % ring::kStages];
    auto& stage_page =
        *reinterpret_cast<ring::Stage*>(at + ring::stage_place(static_cast<uint32_t>(random())));
    switch (random() % 6) {
      case 0:
        staged.event = random() % 2 ? word : (staged.event.load() | ring::kTaken);
        break;
      case 1:
        staged.taken_at = word;
        break;
      case 2:
        stage_page.answer.meta_size = word;
        stage_page.answer.body_size = random() >> (random() % 64);
        stage_page.answer.type = static_cast<uint32_t>(random() % 8);
        stage_page.answer.number = header.event.number + static_cast<uint32_t>(random() % 3);
        break;
      case 3:
        stage("x");
        break;
      case 4:
        if (engine_->staged() > 0 && random() % 2) engine_->take_back();
        engine_->begin_reading();
        engine_->end_reading();
        EXPECT_LE(engine_->printed_ahead(), engine_->staged());
        break;
      default:
        if (!engine_->answered()) break;
        RingMemory::Answer out;
        if (engine_->take_answer(out)) {
          EXPECT_LE(out.body.size(), ring::kLargestAnswer);
        }
        if (engine_->staged() > 0)
          engine_->begin_staged();
        else
          put("1");
    }
  }
  ::munmap(at, ring::kSize);
}

}  // namespace
}  // namespace kiln::sandbox
