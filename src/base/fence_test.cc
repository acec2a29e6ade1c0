#include "base/fence.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/dropped_request.h"
#include "base/memory_reserve.h"

namespace kiln {
namespace {

// What is told while one test runs.
class Fence : public testing::Test {
 protected:
  Fence() : before_(internal_errors()) {
    set_fence_listener([this](std::string_view where, std::string_view what) {
      told_.push_back(std::string(where) + ": " + std::string(what));
    });
  }
  ~Fence() override { set_fence_listener({}); }
  uint64_t counted() const { return internal_errors() - before_; }

  std::vector<std::string> told_;

 private:
  uint64_t before_;
};

TEST_F(Fence, WorkThatEndsWellIsNotTold) {
  int runs = 0;
  EXPECT_TRUE(fenced("loop", [&] { ++runs; }));
  EXPECT_TRUE(fenced(
      "loop", [&] { ++runs; }, [&] { runs = 100; }));
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(counted(), 0u);
  EXPECT_TRUE(told_.empty());
}

TEST_F(Fence, AnExceptionEndsAtItWithPlaceAndText) {
  EXPECT_FALSE(fenced("lambda CreateFunction", [] { throw std::runtime_error("no such key"); }));
  EXPECT_FALSE(fenced("loop", [] { throw 5; }));
  EXPECT_EQ(counted(), 2u);
  EXPECT_EQ(told_, (std::vector<std::string>{"lambda CreateFunction: no such key",
                                             "loop: an exception that says nothing"}));
}

TEST_F(Fence, WhoeverWaitsIsAnsweredOnce) {
  int answers = 0;
  EXPECT_FALSE(fenced(
      "worker", [] { throw std::bad_alloc(); }, [&] { ++answers; }));
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(counted(), 1u);
}

TEST_F(Fence, AnAnswerThatThrowsEndsThereToo) {
  EXPECT_FALSE(fenced(
      "worker", [] { throw std::runtime_error("first"); },
      [] { throw std::runtime_error("second"); }));
  EXPECT_EQ(told_, (std::vector<std::string>{"worker: first", "worker: second"}));
}

TEST_F(Fence, AListenerThatThrowsIsNobodysEnd) {
  set_fence_listener([](std::string_view, std::string_view) { throw std::runtime_error("full"); });
  EXPECT_FALSE(fenced("worker", [] { throw std::runtime_error("first"); }));
  EXPECT_EQ(counted(), 1u);
}

TEST_F(Fence, AThreadGoesOn) {
  bool reached = false;
  std::thread([&] {
    fenced("thread", [] { throw std::out_of_range("map::at"); });
    reached = true;
  }).join();
  EXPECT_TRUE(reached);
  EXPECT_EQ(told_, std::vector<std::string>{"thread: map::at"});
}

TEST_F(Fence, ADefectThatIsNoExceptionCountsToo) {
  note_internal_error("sns Publish", "nobody answered");
  EXPECT_EQ(counted(), 1u);
  EXPECT_EQ(told_, std::vector<std::string>{"sns Publish: nobody answered"});
}

TEST_F(Fence, ARequestThatIsDroppedForLackOfMemoryIsNoDefect) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizers bring their own operator new";
#endif
  const uint64_t before = memory_refusals();
  EXPECT_EQ(note_dropped_request("lambda Invoke", before), DroppedFor::kDefect);
  const volatile size_t too_much = SIZE_MAX / 4;
  EXPECT_THROW(std::string().reserve(too_much), std::bad_alloc);
  EXPECT_EQ(note_dropped_request("lambda Invoke", before), DroppedFor::kLackOfMemory);
  EXPECT_EQ(note_dropped_request("lambda Invoke", memory_refusals()), DroppedFor::kDefect);
  const std::string defect = "lambda Invoke: it was dropped without an answer";
  EXPECT_EQ(told_,
            (std::vector<std::string>{defect, "lambda Invoke: " + std::string(kNoMemory), defect}));
}

TEST_F(Fence, TheListenerBeforeComesBack) {
  const FenceListener before = set_fence_listener({});
  ASSERT_TRUE(before);
  before("here", "text");
  EXPECT_EQ(told_, std::vector<std::string>{"here: text"});
  EXPECT_FALSE(set_fence_listener(before));
}

}  // namespace
}  // namespace kiln
