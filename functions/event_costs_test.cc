// The costs of an event for a function, warm: how often the handlers call operator new, and,
// between two marks for callgrind, how many instructions they take
// (tests/clients/test_path_costs.py counts them). Unlike times, neither depends on the machine. The
// limits are in tests/data/path_costs.json.
#include <gtest/gtest.h>
#include <valgrind/callgrind.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <new>
#include <nlohmann/json.hpp>
#include <string>

#include "functions/batch_handler/handler.h"
#include "functions/critical_handler/handler.h"
#include "functions/memory_optimized/handler.h"
#include "functions/optimized_cold_start/handler.h"
#include "functions/standard_handler/handler.h"
#include "tests/support/server_process.h"

namespace {

size_t g_allocations = 0;  // of a program with one thread

}  // namespace

// Not inlined: GCC takes a free() for another allocation's than operator new's.
[[gnu::noinline]] void* operator new(size_t size) {
  ++g_allocations;
  void* const memory = std::malloc(size);
  if (!memory) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace {

using nlohmann::json;

const json kOrder = {{"user_id", "u1"},
                     {"items",
                      {{{"sku", "a"}, {"quantity", 2}, {"price", 1.25}},
                       {{"sku", "b"}, {"quantity", 1}, {"price", 10}}}},
                     {"amount", 12.5},
                     {"name", "  ada lovelace "},
                     {"email", "Ada@Example.com"}};

class EventCosts : public ::testing::Test {
 protected:
  EventCosts() {
    context_.memory_limit_mb = 1769;
    context_.request_id = "r";
    context_.deadline = std::chrono::system_clock::now() + std::chrono::hours(1);
    std::ifstream(KILN_PATH_COSTS) >> limits_;
  }

  // Fails when the event takes more allocations than its limit, and when it takes fewer than half
  // of it: then the limit is out of date.
  template <class Handle>
  void expect_cheap(const char* name, const json& event, Handle handle) {
    const std::string text = event.dump();
    size_t least = static_cast<size_t>(-1);
    for (int turn = 0; turn < 3; ++turn) {
      const size_t before = g_allocations;
      const std::string answer = handle(text);
      const size_t taken = g_allocations - before;
      ASSERT_EQ(json::parse(answer)["statusCode"], 200) << answer;
      least = std::min(least, taken);
    }
    CALLGRIND_TOGGLE_COLLECT;
    const std::string answer = handle(text);
    CALLGRIND_TOGGLE_COLLECT;
    ASSERT_EQ(json::parse(answer)["statusCode"], 200) << answer;
    const size_t limit = limits_.at("functions").at(name).get<size_t>();
    EXPECT_LE(least, limit) << name;
    EXPECT_GE(2 * least, limit) << name;
  }
  template <class Handler>
  void expect_cheap_views(const char* name, const json& event, Handler& handler) {
    expect_cheap(name, event, [&](std::string_view text) {
      const kiln::JsonDocument document(text);
      return handler.handle(document.root(), context_);
    });
  }
  orders::Config config() const {
    orders::Config config;
    config.priority_level = "TEST";
    config.sqlite_path = folder_.path() + "/orders.db";
    return config;
  }

  kiln::testing::TemporaryFolder folder_;
  kiln::Context context_;
  json limits_;
};

TEST_F(EventCosts, OfAUserThatIsValidated) {
  optimized_cold_start::Handler handler{optimized_cold_start::Config{}};
  expect_cheap_views(
      "optimized_cold_start",
      {{"action", "validate_user"},
       {"data", {{"name", "Ada"}, {"email", "ada@example.com"}, {"phone", "+15551234567"}}}},
      handler);
}

TEST_F(EventCosts, OfAPayment) {
  critical_handler::Handler handler(config());
  expect_cheap_views("critical_handler",
                     {{"request_id", "bench"}, {"user_id", "u1"}, {"amount", 12.5}}, handler);
}

TEST_F(EventCosts, OfAnOrder) {
  standard_handler::Handler handler(config());
  expect_cheap_views("standard_handler", {{"order", kOrder}}, handler);
}

TEST_F(EventCosts, OfAHundredOrders) {
  json records = json::array();
  for (int i = 0; i < 100; ++i) {
    records.push_back({{"messageId", "m" + std::to_string(i)}, {"body", kOrder.dump()}});
  }
  batch_handler::Handler handler(config());
  expect_cheap_views("batch_handler", {{"Records", records}}, handler);
}

TEST_F(EventCosts, OfAThousandRecords) {
  json records = json::array();
  for (int i = 0; i < 1000; ++i) {
    records.push_back({{"id", i},
                       {"name", "  user number " + std::to_string(i)},
                       {"email", "User@Example.com"},
                       {"age", 30},
                       {"score", i * 0.5}});
  }
  const memory_optimized::Handler handler({});
  expect_cheap("memory_optimized", {{"action", "process_large_dataset"}, {"data", records}},
               [&](std::string_view text) { return handler.handle(text, context_); });
}

}  // namespace
