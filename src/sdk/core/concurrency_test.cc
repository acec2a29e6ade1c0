// Several events at a time in one environment.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <latch>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "kiln/run.h"
#include "tests/support/runtime_api_double.h"

namespace kiln {
namespace {

using kiln::testing::RuntimeApiDouble;

class Concurrency : public ::testing::Test {
 protected:
  ~Concurrency() override {
    ::unsetenv("AWS_LAMBDA_RUNTIME_API");
    ::unsetenv("AWS_LAMBDA_MAX_CONCURRENCY");
  }
  template <class H>
  std::vector<RuntimeApiDouble::Post> serve(size_t events, const char* concurrency, H handler) {
    RuntimeApiDouble api(std::vector<std::string>(events, "{}"));
    ::setenv("AWS_LAMBDA_RUNTIME_API", api.address().c_str(), 1);
    ::setenv("AWS_LAMBDA_MAX_CONCURRENCY", concurrency, 1);
    run(std::move(handler));  // ends with the events
    return api.posts();
  }
};

// The end of the events stops the process's loops for good, so each runs in a process of its own.
template <class F>
void in_child(F test) {
  EXPECT_EXIT(
      {
        test();
        std::_Exit(::testing::Test::HasFailure() ? 1 : 0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(Concurrency, AsManyHandlersRunAtOnceAsTheVariableSaysEachWithItsOwnTraceId) {
  in_child([&] {
    std::latch all(4);  // no handler returns before four have begun
    std::mutex mutex;
    std::set<std::string> traces;
    const auto posts = serve(4, "4", [&](std::string_view, const Context& context) {
      all.arrive_and_wait();
      EXPECT_EQ(current_trace_id(), context.trace_id);
      EXPECT_EQ(std::getenv("_X_AMZN_TRACE_ID"), nullptr);
      const std::lock_guard lock(mutex);
      traces.emplace(current_trace_id());
      return std::string(context.request_id);
    });
    EXPECT_EQ(posts.size(), 4u);
    for (const auto& post : posts) {
      EXPECT_NE(post.head.find("/invocation/" + post.body + "/response"), std::string::npos);
    }
    EXPECT_EQ(traces, (std::set<std::string>{"trace-0", "trace-1", "trace-2", "trace-3"}));
  });
}

TEST_F(Concurrency, EachEventIsAnsweredOnceAndErrorsStayWithTheirOwn) {
  in_child([&] {
    const auto posts = serve(200, "8", [](std::string_view, const Context& context) {
      if (context.request_id.ends_with('7'))
        throw std::range_error(std::string(context.request_id));
      return std::string(context.request_id);
    });
    std::set<std::string> answered;
    for (const auto& post : posts) {
      const std::string prefix = "POST /2018-06-01/runtime/invocation/";
      const std::string rest = post.head.substr(prefix.size());
      const std::string id = rest.substr(0, rest.find('/'));
      answered.insert(id);
      EXPECT_EQ(rest.substr(rest.find('/')).starts_with("/error "), id.ends_with('7')) << post.head;
      EXPECT_NE(post.body.find(id), std::string::npos);
    }
    EXPECT_EQ(posts.size(), 200u);
    EXPECT_EQ(answered.size(), 200u);
  });
}

TEST_F(Concurrency, WithoutASensibleValueEventsComeOneAfterTheOther) {
  for (const char* value : {"1", "0", "-3", "many", ""}) {
    in_child([&] {
      const auto caller = std::this_thread::get_id();
      std::string order;
      serve(3, value, [&](std::string_view, const Context& context) {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        EXPECT_EQ(std::getenv("_X_AMZN_TRACE_ID"), current_trace_id());
        order += context.request_id;
        return std::string();
      });
      EXPECT_EQ(order, "012");
    });
  }
}

TEST_F(Concurrency, HooksRunOnceAfterAllHandlers) {
  in_child([&] {
    std::atomic<int> running = 0;
    std::atomic<int> hooks = 0;
    on_shutdown([&] {
      EXPECT_EQ(running, 0);
      ++hooks;
    });
    serve(20, "3", [&](std::string_view, const Context&) {
      ++running;
      --running;
      return std::string();
    });
    EXPECT_EQ(hooks, 1);
  });
}

}  // namespace
}  // namespace kiln
