// The loop over both ways to wait for the kernel: order of work, timers, wake-ups, streams between
// two sockets, and what is thrown.
#include "net/io_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>

#include "base/fence.h"
#include "net/looked_at.h"
#include "net/watch.h"
#include "tests/support/io_choices.h"

namespace kiln::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class IoLoopTest : public testing::TestWithParam<IoChoice> {
 protected:
  void SetUp() override { loop_ = std::make_unique<IoLoop>(0, clock_, GetParam()); }
  template <class F>
  void run_until(F done) {
    const auto give_up = clock_.steady_now() + seconds(20);
    while (!done()) {
      ASSERT_LT(clock_.steady_now(), give_up);
      loop_->turn(milliseconds(100));
    }
  }
  SystemClock clock_;
  std::unique_ptr<IoLoop> loop_;
};

TEST_P(IoLoopTest, WorkRunsInTheOrderPostedAndWakesASleepingLoop) {
  loop_->start();
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    std::promise<void> ran;
    loop_->post([&, i] { order.push_back(i); });
    loop_->post([&, i] {
      loop_->post([&] { ran.set_value(); });
      loop_->dispatch([&, i] { order.push_back(-i); });
    });
    ASSERT_EQ(ran.get_future().wait_for(seconds(10)), std::future_status::ready);
    ASSERT_EQ(order.size(), 2U * static_cast<size_t>(i) + 2);
    EXPECT_EQ(order[order.size() - 2], i);
  }
  loop_->stop();
  loop_->join();
}

TEST_P(IoLoopTest, BelongsToItsThreadWhileOneRunsIt) {
  EXPECT_TRUE(loop_->owned_here());
  loop_->start();
  EXPECT_FALSE(loop_->owned_here());
  std::promise<bool> there;
  loop_->post([&] { there.set_value(loop_->owned_here()); });
  EXPECT_TRUE(there.get_future().get());
  loop_->stop();
  loop_->join();
  EXPECT_TRUE(loop_->owned_here());
}

TEST_P(IoLoopTest, AnotherThreadMayNotTouchWhatItOwns) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";  // the dying process makes a thread
  EXPECT_DEATH(
      {
        loop_->start();
        loop_->hold(std::make_shared<int>());
      },
      "owned_here");
}

TEST_P(IoLoopTest, ManyThreadsPost) {
  loop_->start();
  constexpr int kEach = 20'000;
  int sum = 0;
  std::promise<void> all;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i)
        loop_->post([&] {
          if (++sum == 3 * kEach) all.set_value();
        });
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(all.get_future().wait_for(seconds(20)), std::future_status::ready);
  loop_->stop();
  loop_->join();
}

TEST_P(IoLoopTest, WhatIsThrownEndsAtTheFenceAndTheLoopGoesOn) {
  const FenceListener before = set_fence_listener([](std::string_view, std::string_view) {});
  const uint64_t errors = internal_errors();
  bool ran = false;
  loop_->post([] { throw std::runtime_error("x"); });
  loop_->post([&] { ran = true; });
  run_until([&] { return ran; });
  EXPECT_EQ(internal_errors(), errors + 1);
  set_fence_listener(before);
}

TEST_P(IoLoopTest, LateWorkWaitsForAQuietTurnButNotForEver) {
  int posted = 0;
  bool late = false;
  std::function<void()> busy = [&] {
    ++posted;
    if (!late) loop_->post([&] { busy(); });
  };
  loop_->post([&] {
    loop_->post_late([&] { late = true; });
    busy();
  });
  run_until([&] { return late; });
  EXPECT_GT(posted, 1);
}

class NamedTicker final : public Scheduled {
 public:
  explicit NamedTicker(IoLoop& loop, std::vector<int>& fired, int name)
      : loop_(loop), fired_(fired), name_(name) {}
  ~NamedTicker() { loop_.cancel(this); }
  SteadyTime on_time(SteadyTime now) override {
    fired_.push_back(name_);
    return next_ > now ? std::exchange(next_, SteadyTime::min()) : SteadyTime::max();
  }
  SteadyTime next_ = SteadyTime::min();

 private:
  IoLoop& loop_;
  std::vector<int>& fired_;
  int name_;
};

TEST_P(IoLoopTest, TimersFireInTheirOrderAndCanBeCancelled) {
  std::vector<int> fired;
  std::vector<std::unique_ptr<NamedTicker>> tickers;
  const SteadyTime start = clock_.steady_now();
  for (int i = 0; i < 50; ++i) {
    tickers.push_back(std::make_unique<NamedTicker>(*loop_, fired, i));
    loop_->schedule(tickers.back().get(), start + milliseconds(1 + (i * 7) % 50));
  }
  for (size_t i = 0; i < 50; i += 2) tickers[i] = nullptr;
  tickers[1]->next_ = start + milliseconds(60);
  run_until([&] { return fired.size() == 26; });
  EXPECT_GE(clock_.steady_now(), start + milliseconds(60));
  EXPECT_EQ(fired.back(), 1);
  for (size_t i = 1; i < 25; ++i) EXPECT_LT((fired[i - 1] * 7) % 50, (fired[i] * 7) % 50);
}

// A word that another thread sets.
class Word final : public LookedAt {
 public:
  explicit Word(std::function<void()> taken) : taken_(std::move(taken)) { look_at(*this); }
  ~Word() { look_away(*this); }
  void set() { word_ = true; }
  bool is_set() const { return word_; }

 private:
  bool notice() override { return noticed_ = word_; }
  bool look() override {
    if (!std::exchange(noticed_, false)) return false;
    word_ = false;
    taken_();
    return true;
  }
  bool before_sleep() override { return false; }
  void after_sleep() override {}

  std::function<void()> taken_;
  std::atomic<bool> word_ = false;
  bool noticed_ = false;
};

// Has news at its n-th notice.
class Late final : public LookedAt {
 public:
  explicit Late(int at) : left_(at) { look_at(*this); }
  ~Late() { look_away(*this); }

  int looked = 0, asked = 0, withdrawn = 0;

 private:
  bool notice() override { return left_ > 0 && --left_ == 0; }
  bool look() override { return ++looked, true; }
  bool before_sleep() override { return ++asked, true; }
  void after_sleep() override { ++withdrawn; }

  int left_;
};

TEST_P(IoLoopTest, PollsForAnAnswerBeforeItSleeps) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one processor";
  Late late(3);
  EXPECT_TRUE(loop_->turn(seconds(1)));
  EXPECT_EQ(late.asked, 0);
  EXPECT_EQ(late.looked, 1);
}

// A turn may take as long as polling does, and no longer, when the next request is there already.
TEST_P(IoLoopTest, WhatACallerAsksForNextIsHandledInTheSameTurn) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const UniqueFd out(ends[0]), in(ends[1]);
  int heard = 0;
  Watch watch(*loop_, out.get(), [&] {
    char byte;
    while (::read(out.get(), &byte, 1) == 1) ++heard, loop_->asked();
  });
  loop_->drain();
  for (int round = 1; round <= 3; ++round) {
    loop_->answered();
    ASSERT_EQ(::write(in.get(), "x", 1), 1);
    EXPECT_TRUE(loop_->turn(seconds(1)));
    EXPECT_EQ(heard, round);
  }
  // Nobody asks: the loop sleeps, and wakes for its timer as ever.
  loop_->answered();
  EXPECT_FALSE(loop_->turn(milliseconds(1)));
}

TEST_P(IoLoopTest, SleepsWhenPollingBringsNothing) {
  Late never(0);
  loop_->turn(milliseconds(1));
  EXPECT_EQ(never.asked, 1);
  EXPECT_EQ(never.withdrawn, 1);
}

// A function that has been given something to do, and has answered at the loop's n-th notice.
class Worker final : public LookedAt {
 public:
  Worker(IoLoop& loop, int answers_at) : loop_(loop), left_(answers_at) {
    look_at(*this);
    loop_.work_given();
  }
  ~Worker() {
    look_away(*this);
    if (!answered) loop_.work_lost();
  }

  bool answered = false;
  int asked = 0;

 private:
  bool notice() override { return left_ > 0 && --left_ == 0; }
  bool look() override {
    if (answered || never_ || left_ > 0) return false;
    answered = true;
    loop_.work_done(milliseconds(2));
    return true;
  }
  bool before_sleep() override { return ++asked, true; }
  void after_sleep() override {}

  IoLoop& loop_;
  int left_;
  const bool never_ = left_ == 0;
};

TEST_P(IoLoopTest, WhileManyFunctionsWorkItNapsAndAsksNoneToWakeIt) {
  for (int i = 0; i < 100; ++i) {
    loop_->work_given();
    loop_->work_done(milliseconds(2));
  }
  std::vector<std::unique_ptr<Worker>> workers;
  for (const int answers_at : {2, 2, 0, 0, 0, 0})
    workers.push_back(std::make_unique<Worker>(*loop_, answers_at));
  EXPECT_TRUE(loop_->turn(seconds(1)));
  EXPECT_TRUE(workers[0]->answered && workers[1]->answered);
  for (const auto& worker : workers) EXPECT_EQ(worker->asked, 0);
  // Four are left, which is few: it sleeps as ever.
  loop_->turn(milliseconds(1));
  EXPECT_EQ(workers.back()->asked, 1);
}

TEST_P(IoLoopTest, ANapThatBringsTooLittleIsFollowedByASleep) {
  for (int i = 0; i < 100; ++i) {
    loop_->work_given();
    loop_->work_done(milliseconds(2));
  }
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < 6; ++i) workers.push_back(std::make_unique<Worker>(*loop_, 0));
  EXPECT_FALSE(loop_->turn(milliseconds(1)));
  EXPECT_EQ(workers[0]->asked, 0);
  EXPECT_FALSE(loop_->turn(milliseconds(1)));
  EXPECT_EQ(workers[0]->asked, 1);
}

TEST_P(IoLoopTest, WhatWasWrittenBeforeAWordWasSetIsHeardOfBeforeTheWord) {
  constexpr int kRounds = 500;  // on a busy machine each takes a turn of both threads
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const UniqueFd out(ends[0]), in(ends[1]);
  int heard = 0, taken = 0, late = 0;
  Watch watch(*loop_, out.get(), [&] {
    char byte;
    while (::read(out.get(), &byte, 1) == 1) ++heard;
  });
  Word word([&] {
    ++taken;
    if (heard != taken) ++late;
  });
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; i < kRounds && !stop; ++i) {
      while (word.is_set() && !stop) std::this_thread::yield();
      if (::write(in.get(), "x", 1) != 1) return;
      word.set();
    }
  });
  run_until([&] { return taken == kRounds; });
  stop = true;
  writer.join();
  EXPECT_EQ(late, 0);
}

TEST_P(IoLoopTest, AWatchCallsBackOnceForWhatComesAndMayGoInItsCallback) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const UniqueFd out(ends[0]), in(ends[1]);
  int calls = 0;
  std::string got;
  std::optional<Watch> watch;
  // Two bytes at a time, though more may be there.
  watch.emplace(*loop_, out.get(), [&] {
    ++calls;
    char bytes[2];
    const ssize_t n = ::read(out.get(), bytes, sizeof bytes);
    if (n <= 0) return;
    got.append(bytes, static_cast<size_t>(n));
    if (got.ends_with("!")) return watch.reset();
    watch->again();
  });
  ASSERT_EQ(::write(in.get(), "abcd", 4), 4);
  run_until([&] { return got == "abcd"; });
  loop_->drain();
  const int quiet = calls;
  loop_->turn(milliseconds(20));
  EXPECT_EQ(calls, quiet);
  ASSERT_EQ(::write(in.get(), "e!f?", 4), 4);
  run_until([&] { return !watch.has_value(); });
  loop_->drain();
  EXPECT_EQ(got, "abcde!");
}

class User final : public StreamUser {
 public:
  void on_data(std::string_view bytes) override {
    got += bytes;
    if (goes_after > 0 && got.size() >= goes_after) stream = nullptr;
  }
  void on_end(int e) override {
    ended = true;
    error = e;
  }
  void on_sent() override { ++sent; }
  void on_writable() override { ++writable; }
  void on_released(UniqueFd fd) override { released = std::move(fd); }
  std::unique_ptr<Stream> stream;
  std::string got;
  size_t goes_after = 0;
  bool ended = false;
  int error = 0;
  int sent = 0, writable = 0;
  UniqueFd released;
};

class StreamTest : public IoLoopTest {
 protected:
  void SetUp() override {
    IoLoopTest::SetUp();
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    user_.stream = loop_->open(UniqueFd(pair[0]), user_);
    peer_.reset(pair[1]);
  }
  void TearDown() override {
    user_.stream = nullptr;
    if (loop_) loop_->drain();
  }
  void say(std::string_view text) {
    ASSERT_EQ(::send(peer_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // All that comes until `size` bytes are there, while the loop turns.
  std::string hear(size_t size) {
    std::string in;
    run_until([&] {
      char chunk[65536];
      const ssize_t n = ::recv(peer_.get(), chunk, sizeof chunk, MSG_DONTWAIT);
      if (n > 0) in.append(chunk, static_cast<size_t>(n));
      return in.size() >= size || n == 0;
    });
    return in;
  }
  User user_;
  UniqueFd peer_;
};

TEST_P(StreamTest, BytesComeAndTheEnd) {
  user_.stream->resume();
  say("hello");
  run_until([&] { return user_.got == "hello"; });
  say(" you");
  peer_.reset();
  run_until([&] { return user_.ended; });
  EXPECT_EQ(user_.got, "hello you");
  EXPECT_EQ(user_.error, 0);
}

TEST_P(StreamTest, NothingIsReadBeforeResumeAndAllOfItAfter) {
  say("hello");
  loop_->turn(milliseconds(20));
  EXPECT_EQ(user_.got, "");
  user_.stream->resume();
  run_until([&] { return user_.got == "hello"; });
  user_.stream->pause();
  loop_->drain();
  say("later");
  loop_->turn(milliseconds(20));
  EXPECT_EQ(user_.got, "hello");
  user_.stream->resume();
  run_until([&] { return user_.got == "hellolater"; });
}

TEST_P(StreamTest, WhatTheSocketDoesNotTakeFollowsInOrder) {
  std::string wanted;
  for (int i = 0; i < 40; ++i) {
    const std::string head = std::to_string(i) + ":",
                      body(size_t{50'000}, static_cast<char>('a' + i % 26));
    wanted += head + body;
    if (i % 2 == 0)
      user_.stream->send(head, std::string(body));
    else
      user_.stream->send(head, std::string_view(body));
  }
  EXPECT_TRUE(hear(wanted.size()) == wanted);
  run_until([&] { return user_.sent > 0; });
  EXPECT_EQ(user_.sent, 1);
  user_.stream->want_writable();
  run_until([&] { return user_.writable == 1; });
}

TEST_P(StreamTest, APeerThatHasGoneFailsASend) {
  user_.stream->resume();
  peer_.reset();
  if (user_.stream->send("x", std::string_view()) == Stream::Sent::kPending)
    run_until([&] { return user_.error != 0 || user_.ended; });
}

TEST_P(StreamTest, MayBeDestroyedInItsCallbackAndTheSocketCloses) {
  user_.goes_after = 3;
  user_.stream->resume();
  say("abc");
  run_until([&] { return user_.stream == nullptr; });
  char byte;
  run_until([&] { return ::recv(peer_.get(), &byte, 1, MSG_DONTWAIT) == 0; });
}

TEST_P(StreamTest, GivesItsSocketAway) {
  user_.stream->resume();
  say("abc");
  run_until([&] { return user_.got == "abc"; });
  user_.stream->release();
  run_until([&] { return static_cast<bool>(user_.released); });
  say("def");
  pollfd p = {user_.released.get(), POLLIN, 0};
  ASSERT_EQ(::poll(&p, 1, 10'000), 1);
  char bytes[10];
  EXPECT_EQ(::recv(user_.released.get(), bytes, sizeof bytes, 0), 3);
}

// One that sends without end takes its turn, and no more.
TEST_P(StreamTest, NoneStarvesTheOthers) {
  user_.stream->resume();
  std::atomic<bool> stop = false;
  std::thread flood([&] {
    const std::string chunk(65536, 'f');
    while (!stop)
      (void)!::send(peer_.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  });
  int turns = 0;
  for (const auto end = clock_.steady_now() + seconds(20);
       turns < 200 && clock_.steady_now() < end;) {
    bool ran = false;
    loop_->post([&] { ran = true; });
    loop_->turn(milliseconds(100));
    if (ran) ++turns;
    user_.got.clear();
  }
  EXPECT_EQ(turns, 200);
  stop = true;
  flood.join();
}

INSTANTIATE_TEST_SUITE_P(Io, IoLoopTest, testing::ValuesIn(io_choices()), io_name);
INSTANTIATE_TEST_SUITE_P(Io, StreamTest, testing::ValuesIn(io_choices()), io_name);

}  // namespace
}  // namespace kiln::net
