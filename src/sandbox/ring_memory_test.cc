// The engine's side of the shared memory, with the function's side played by a second mapping.
#include "sandbox/ring_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>
#include <vector>

namespace kiln::sandbox {
namespace {

class RingMemoryTest : public testing::Test {
 protected:
  RingMemoryTest() : memory_(RingMemory::make()) {
    at_ = static_cast<char*>(
        ::mmap(nullptr, ring::kSize, PROT_READ | PROT_WRITE, MAP_SHARED, memory_->descriptor(), 0));
  }
  ~RingMemoryTest() override { ::munmap(at_, ring::kSize); }

  ring::Header& header() { return *reinterpret_cast<ring::Header*>(at_); }
  std::string event() {
    const uint64_t size = header().event.meta_size + header().event.body_size;
    return {at_ + ring::place(true, size), size};
  }
  void answer(FrameType type, const std::string& meta, const std::string& body) {
    const bool fits = body.size() <= ring::kLargestAnswer;
    char* to = at_ + ring::place(false, meta.size() + (fits ? body.size() : 0));
    meta.copy(to, meta.size());
    if (fits) body.copy(to + meta.size(), body.size());
    write(static_cast<uint32_t>(type), static_cast<uint32_t>(meta.size()), body.size());
  }
  void write(uint32_t type, uint32_t meta_size, uint64_t body_size) {
    header().answer.type = type;
    header().answer.meta_size = meta_size;
    header().answer.body_size = body_size;
    header().answer.number = header().event.number.load();
  }

  // Bytes that the memory takes.
  size_t pages() {
    struct stat s {};
    ::fstat(memory_->descriptor(), &s);
    return static_cast<size_t>(s.st_blocks) * 512;
  }

  std::unique_ptr<RingMemory> memory_;
  char* at_;
};

TEST_F(RingMemoryTest, EventsAndAnswersOfEachSize) {
  for (const size_t size : {size_t{0}, size_t{1}, ring::kSmall - 4, ring::kSmall - 3,
                            size_t{1'000'000}, size_t{ring::kLargestAnswer}}) {
    const std::string payload(size, 'p');
    ASSERT_TRUE(memory_->put_event("meta", payload));
    EXPECT_EQ(event(), "meta" + payload) << size;
    EXPECT_FALSE(memory_->answered());
    EXPECT_TRUE(memory_->ask_for_wake());
    answer(FrameType::kResult, "id", payload);
    EXPECT_TRUE(memory_->answered());
    EXPECT_FALSE(memory_->ask_for_wake());
    RingMemory::Answer out;
    ASSERT_TRUE(memory_->take_answer(out));
    EXPECT_EQ(out.meta, "id");
    EXPECT_TRUE(out.body == payload && !out.too_large) << size;
  }
}

TEST_F(RingMemoryTest, AnEventThatDoesNotFitIsRefused) {
  EXPECT_FALSE(memory_->put_event("", std::string(ring::kLarge + 1, 'x')));
}

TEST_F(RingMemoryTest, ATooLargeAnswerIsNotCopied) {
  ASSERT_TRUE(memory_->put_event("", "{}"));
  answer(FrameType::kResult, "id", std::string(ring::kLargestAnswer + 1, 'x'));
  RingMemory::Answer out;
  ASSERT_TRUE(memory_->take_answer(out));
  EXPECT_TRUE(out.too_large && out.body.empty());
  EXPECT_EQ(out.meta, "id");
  write(static_cast<uint32_t>(FrameType::kResult), 0, ~uint64_t{0});
  ASSERT_TRUE(memory_->take_answer(out));
  EXPECT_TRUE(out.too_large && out.body.empty());
}

TEST_F(RingMemoryTest, PagesOfLargeMessagesStayUntilNoneHasComeForAWhile) {
  const std::string large(1'000'000, 'x');
  RingMemory::Answer out;
  ASSERT_TRUE(memory_->put_event("", "{}"));
  answer(FrameType::kResult, "id", "{}");
  ASSERT_TRUE(memory_->take_answer(out));
  EXPECT_FALSE(memory_->holds_pages());
  ASSERT_TRUE(memory_->put_event("", large));
  answer(FrameType::kResult, "id", large);
  ASSERT_TRUE(memory_->take_answer(out));
  ASSERT_TRUE(memory_->holds_pages());
  EXPECT_GE(pages(), 2 * large.size());
  EXPECT_FALSE(memory_->release_unused_pages())
      << "one came since the last call, of which there was none";
  ASSERT_TRUE(memory_->put_event("", "{}"));
  EXPECT_FALSE(memory_->release_unused_pages()) << "an event is in hand";
  answer(FrameType::kResult, "id", "{}");
  ASSERT_TRUE(memory_->take_answer(out));
  EXPECT_TRUE(memory_->release_unused_pages());
  EXPECT_FALSE(memory_->holds_pages());
  EXPECT_LE(pages(), size_t{64} * 1024);
}

// The other side of a memory.
class Function {
 public:
  explicit Function(int descriptor)
      : at_(static_cast<char*>(
            ::mmap(nullptr, ring::kSize, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0))) {}
  ~Function() { ::munmap(at_, ring::kSize); }
  Function(const Function&) = delete;
  void answer(uint64_t size) const {
    auto& header = *reinterpret_cast<ring::Header*>(at_);
    header.answer.type = static_cast<uint32_t>(FrameType::kResult);
    header.answer.meta_size = 0;
    header.answer.body_size = size;
    header.answer.number = header.event.number.load();
  }

 private:
  char* at_;
};

TEST_F(RingMemoryTest, AllMemoriesTogetherHoldABoundedNumberOfBytes) {
  const std::string large(ring::kLargestAnswer, 'x');
  std::vector<std::unique_ptr<RingMemory>> all;
  size_t holding = 0;
  for (int i = 0; i < 14; ++i) {
    all.push_back(RingMemory::make());
    ASSERT_TRUE(all.back()->put_event("", large));
    Function(all.back()->descriptor()).answer(0);
    RingMemory::Answer out;
    ASSERT_TRUE(all.back()->take_answer(out));
    if (all.back()->holds_pages()) ++holding;
  }
  EXPECT_EQ(holding, 10U);  // 64 MiB
  all.clear();
  // Event and answer count each for themselves, also of different messages.
  for (int i = 0; i < 6; ++i) {
    all.push_back(RingMemory::make());
    const Function function(all.back()->descriptor());
    for (const bool large_event : {true, false}) {
      ASSERT_TRUE(all.back()->put_event("", large_event ? large : "{}"));
      function.answer(large_event ? 0 : large.size());
      RingMemory::Answer out;
      ASSERT_TRUE(all.back()->take_answer(out));
    }
    EXPECT_EQ(all.back()->holds_pages(), i < 5) << i;
  }
  all.clear();
  ASSERT_TRUE(memory_->put_event("", large));
  answer(FrameType::kResult, "id", "{}");
  RingMemory::Answer out;
  ASSERT_TRUE(memory_->take_answer(out));
  EXPECT_TRUE(memory_->holds_pages());
}

TEST_F(RingMemoryTest, WhatIsNoAnswerIsRefused) {
  ASSERT_TRUE(memory_->put_event("", "{}"));
  RingMemory::Answer out;
  for (const uint32_t type : {0U, 1U, 2U, 5U, 6U, ~0U}) {
    write(type, 0, 0);
    EXPECT_FALSE(memory_->take_answer(out)) << type;
  }
  write(static_cast<uint32_t>(FrameType::kResult), kMaxFrameMeta + 1, 0);
  EXPECT_FALSE(memory_->take_answer(out));
  write(static_cast<uint32_t>(FrameType::kResult), kMaxFrameMeta, 0);
  EXPECT_TRUE(memory_->take_answer(out));
}

TEST_F(RingMemoryTest, NumbersOfAnyKindReadNothingOutside) {
  std::mt19937_64 random(5);
  RingMemory::Answer out;
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(memory_->put_event("m", "{}"));
    const uint64_t shift = random() % 64;
    write(static_cast<uint32_t>(random() % 8),
          static_cast<uint32_t>(random() >> (32 + random() % 32)), random() >> shift);
    if (memory_->take_answer(out)) {
      EXPECT_LE(out.body.size(), ring::kLargestAnswer);
      EXPECT_LE(out.meta.size(), kMaxFrameMeta);
    }
  }
}

TEST_F(RingMemoryTest, TheFunctionCanNotResizeIt) {
  EXPECT_NE(::ftruncate(memory_->descriptor(), 0), 0);
  EXPECT_NE(::ftruncate(memory_->descriptor(), ring::kSize + 1), 0);
}

TEST_F(RingMemoryTest, WhatTheFunctionWritesIntoItsEventsNumberChangesNothing) {
  ASSERT_TRUE(memory_->put_event("", "{}"));
  header().event.number = 77;
  header().answer.number = 77;
  EXPECT_FALSE(memory_->answered());
  header().answer.number = 1;
  EXPECT_TRUE(memory_->answered());
}

}  // namespace
}  // namespace kiln::sandbox
