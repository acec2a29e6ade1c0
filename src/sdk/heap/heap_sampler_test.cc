// The memory profiler in a program that has the heap sampler.
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "kiln/memory_profiler.h"

namespace kiln {
namespace {

constexpr size_t kMiB = 1024 * 1024;

// AddressSanitizer brings an operator new[] of its own, which the sampler doesn't see.
#ifdef __SANITIZE_ADDRESS__
#define SKIP_WITHOUT_NEW_ARRAY() GTEST_SKIP() << "operator new[] is AddressSanitizer's"
#else
#define SKIP_WITHOUT_NEW_ARRAY() static_cast<void>(0)
#endif

[[gnu::noinline]] std::unique_ptr<char[]> hold(size_t bytes) {
  return std::make_unique<char[]>(bytes);
}

[[gnu::noinline]] std::vector<std::string> hold_small(size_t count) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < count; ++i) texts.emplace_back(1000, 'x');
  return texts;
}

double held_mb(const MemoryReport& report) {
  double sum = 0;
  for (const AllocationSite& site : report.top_memory_consumers) sum += site.size_mb;
  return sum;
}

TEST(HeapSampler, TheReportNamesTheHolderOfALargeBlock) {
  SKIP_WITHOUT_NEW_ARRAY();
  MemoryProfiler profiler;
  profiler.start();
  const auto block = hold(64 * kMiB);
  const auto report = profiler.report();
  ASSERT_FALSE(report.top_memory_consumers.empty());
  const AllocationSite& site = report.top_memory_consumers[0];
  EXPECT_NEAR(site.size_mb, 64, 0.1);
  EXPECT_EQ(site.count, 1u);
  EXPECT_TRUE(site.file.find("heap_sampler_test.cc:") != std::string::npos ||
              site.file.find("hold") != std::string::npos ||
              site.file.find("kiln_heap_test+0x") != std::string::npos)
      << site.file;
}

TEST(HeapSampler, SmallAllocationsAreEstimated) {
  MemoryProfiler profiler;
  profiler.start();
  const auto texts = hold_small(200'000);  // 191 MiB in texts of 1001 bytes
  const auto report = profiler.report();
  double size = 0;
  double count = 0;
  for (const AllocationSite& site : report.top_memory_consumers) {
    size += site.size_mb;
    count += static_cast<double>(site.count);
  }
  // About 380 samples: a standard deviation of 5 %.
  EXPECT_NEAR(size, 191 + 6, 60);
  EXPECT_NEAR(count, 200'000, 60'000);
}

TEST(HeapSampler, FewSmallAllocationsAreAllFound) {
  SKIP_WITHOUT_NEW_ARRAY();
  std::vector<std::unique_ptr<char[]>> blocks(10);
  MemoryProfiler profiler;
  profiler.start();
  for (auto& block : blocks) block = hold(100);
  const auto report = profiler.report();
  ASSERT_FALSE(report.top_memory_consumers.empty());
  const AllocationSite& site = report.top_memory_consumers[0];
  EXPECT_EQ(site.count, 10u) << site.file;
  EXPECT_DOUBLE_EQ(site.size_mb * static_cast<double>(kMiB), 1000);
  // Named again without a second look at the symbols.
  EXPECT_EQ(profiler.report().top_memory_consumers[0].file, site.file);
}

TEST(HeapSampler, WhatIsFreedIsNotHeld) {
  MemoryProfiler profiler;
  profiler.start();
  { const auto block = hold(64 * kMiB); }
  { const auto texts = hold_small(50'000); }
  EXPECT_LT(held_mb(profiler.report()), 1);
}

TEST(HeapSampler, WhatWasHeldBeforeTheStartIsNotSeen) {
  MemoryProfiler profiler;
  profiler.start();
  auto block = hold(64 * kMiB);
  profiler.start();
  EXPECT_LT(held_mb(profiler.report()), 1);
  block.reset();
  EXPECT_GE(held_mb(profiler.report()), 0);
}

TEST(HeapSampler, AfterTheStopNothingIsAddedAndFreesCount) {
  SKIP_WITHOUT_NEW_ARRAY();
  MemoryProfiler profiler;
  profiler.start();
  auto first = hold(64 * kMiB);
  profiler.stop();
  const auto second = hold(64 * kMiB);
  EXPECT_NEAR(held_mb(profiler.report()), 64, 1);
  first.reset();
  EXPECT_LT(held_mb(profiler.report()), 1);
}

TEST(HeapSampler, AtMostTenPlacesAreNamed) {
  MemoryProfiler profiler;
  profiler.start();
  std::vector<std::unique_ptr<char[]>> blocks;
  constexpr size_t kSize = 16 * kMiB;
  blocks.push_back(std::make_unique<char[]>(kSize));
  blocks.push_back(std::make_unique<char[]>(kSize));
  blocks.push_back(std::make_unique<char[]>(kSize));
  blocks.push_back(std::make_unique<char[]>(kSize));
  blocks.push_back(std::make_unique<char[]>(kSize));
  blocks.push_back(std::make_unique<char[]>(kSize));
  blocks.push_back(std::make_unique<char[]>(kSize));
  blocks.push_back(std::make_unique<char[]>(kSize));
  blocks.push_back(std::make_unique<char[]>(kSize));
  blocks.push_back(std::make_unique<char[]>(kSize));
  blocks.push_back(std::make_unique<char[]>(kSize));
  blocks.push_back(std::make_unique<char[]>(2 * kSize));
  const auto report = profiler.report();
  EXPECT_LE(report.top_memory_consumers.size(), 10u);
  for (size_t i = 1; i < report.top_memory_consumers.size(); ++i) {
    EXPECT_GE(report.top_memory_consumers[i - 1].size_mb, report.top_memory_consumers[i].size_mb);
  }
}

TEST(HeapSampler, EveryFormOfNewWorks) {
  SKIP_WITHOUT_NEW_ARRAY();
  MemoryProfiler profiler;
  profiler.start();
  struct alignas(256) Wide {
    char bytes[256];
  };
  for (int round = 0; round < 2000; ++round) {
    const auto wide = std::make_unique<Wide>();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(wide.get()) % 256, 0u);
    const std::unique_ptr<Wide[]> wides(new Wide[3]);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(wides.get()) % 256, 0u);
    delete new (std::nothrow) int(1);
    delete[] new (std::nothrow) char[1000];
    ::operator delete(::operator new(0));
  }
  volatile size_t too_much = size_t{1} << 62;
  EXPECT_EQ(::operator new(too_much, std::nothrow), nullptr);
  EXPECT_THROW(::operator delete(::operator new(too_much)), std::bad_alloc);
  EXPECT_LT(held_mb(profiler.report()), 1);
}

TEST(HeapSampler, ThreadsAllocateAndFreeEachOthersMemory) {
  MemoryProfiler profiler;
  profiler.start();
  std::vector<std::vector<std::string>> held(4);
  std::vector<std::thread> threads;
  for (auto& mine : held) threads.emplace_back([&mine] { mine = hold_small(20'000); });
  for (auto& thread : threads) thread.join();
  EXPECT_GT(held_mb(profiler.report()), 30);
  threads.clear();
  for (size_t i = 0; i < held.size(); ++i) {
    threads.emplace_back([&, i] {
      std::vector<std::string>().swap(held[(i + 1) % held.size()]);
      hold_small(5'000);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_LT(held_mb(profiler.report()), 1);
}

}  // namespace
}  // namespace kiln
