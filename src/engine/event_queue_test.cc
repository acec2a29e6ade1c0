#include "engine/event_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "tests/support/test_dir.h"

namespace kiln::engine {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::SizeIs;

// Sixty seconds last a few milliseconds: retries are waited for, not skipped.
constexpr double kSpeed = 6000;

// Plays the functions: each try takes the next outcome of its script, the last one for ever.
class Functions final : public EventQueuePort {
 public:
  struct Delivered {
    std::string arn, body;
    std::map<std::string, std::string> attributes;
    std::string trace_header;
  };

  void try_event(const store::StoredEvent& event, std::function<void(Outcome&&)> done) override {
    Outcome outcome;
    {
      const std::lock_guard lock(mutex_);
      tried_.push_back(event.payload);
      outcome = script_.size() > 1 ? script_.front() : script_.back();
      if (script_.size() > 1) script_.erase(script_.begin());
      outcome.settings = settings;
    }
    changed_.notify_all();
    done(std::move(outcome));
  }
  void deliver(const std::string& arn, const std::string&, const Told& told,
               std::function<void(Result<void>)> done) override {
    {
      const std::lock_guard lock(mutex_);
      delivered_.push_back({arn, told.body, told.attributes, told.trace_header});
    }
    changed_.notify_all();
    done(arn.find("broken") == std::string::npos
             ? Result<void>()
             : Error{ErrorKind::kUnavailable, "Down", "it is down"});
  }
  void record(MetricPoint&& point) override {
    {
      const std::lock_guard lock(mutex_);
      metrics_[point.key.name] += point.values.sum;
    }
    changed_.notify_all();
  }

  void script(std::vector<Outcome> outcomes) { script_ = std::move(outcomes); }
  template <class F>
  void wait(F&& holds) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), holds));
  }
  void wait_for_tries(size_t count) {
    wait([&] { return tried_.size() >= count; });
  }
  void wait_for_deliveries(size_t count) {
    wait([&] { return delivered_.size() >= count; });
  }
  void wait_for_metric(const std::string& name, double sum) {
    wait([&] { return metrics_[name] >= sum; });
  }

  model::AsyncSettings settings;
  std::vector<std::string> tried_;
  std::vector<Delivered> delivered_;
  std::map<std::string, double> metrics_;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Outcome> script_{Outcome{}};
};

EventQueuePort::Outcome succeeded() {
  EventQueuePort::Outcome out;
  out.reply.payload = "\"done\"";
  out.reply.executed_version = "$LATEST";
  return out;
}
EventQueuePort::Outcome failed() {
  auto out = succeeded();
  out.reply.function_error = true;
  out.reply.payload = R"({"errorMessage":"as asked"})";
  return out;
}
EventQueuePort::Outcome throttled() {
  EventQueuePort::Outcome out;
  out.reply.error = model::throttled(model::Throttle::kConcurrentInvocations);
  return out;
}

class EventQueueTest : public testing::Test {
 protected:
  void start() {
    auto opened = store::EventStore::open(dir_ / "events.db");
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    queue_ =
        std::make_unique<EventQueue>(std::move(*opened), functions_, "000000000000", real_, clock_);
    ASSERT_TRUE(queue_->start().ok());
  }
  // Returns when the event is on disk.
  void accept(const std::string& payload) {
    std::promise<Result<void>> accepted;
    InvokeRequest request;
    request.region = "us-east-1";
    request.function_name = "f";
    request.payload = payload;
    request.request_id = "id-" + payload;
    request.trace_id = "Root=1-5e-" + payload;
    queue_->accept(std::move(request), [&](Result<void> r) { accepted.set_value(std::move(r)); });
    ASSERT_TRUE(accepted.get_future().get().ok());
  }

  TestDir dir_;
  SystemClock real_;
  ScaledClock clock_{real_, kSpeed};
  Functions functions_;
  std::unique_ptr<EventQueue> queue_;
};

TEST_F(EventQueueTest, AnAcceptedEventIsTriedOnceWhenItSucceeds) {
  functions_.settings.on_success = "arn:aws:lambda:us-east-1:000000000000:function:told";
  functions_.script({succeeded()});
  start();
  accept(R"({"a":1})");
  functions_.wait_for_deliveries(1);
  EXPECT_THAT(functions_.tried_, ElementsAre(R"({"a":1})"));
  const json record = json::parse(functions_.delivered_[0].body);
  EXPECT_EQ(record["version"], "1.0");
  EXPECT_EQ(record["requestContext"]["condition"], "Success");
  EXPECT_EQ(record["requestContext"]["approximateInvokeCount"], 1);
  EXPECT_EQ(record["requestContext"]["functionArn"],
            "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST");
  EXPECT_EQ(record["requestPayload"], json({{"a", 1}}));
  EXPECT_EQ(record["responseContext"]["statusCode"], 200);
  EXPECT_EQ(record["responsePayload"], "done");
  functions_.wait_for_metric("AsyncEventsReceived", 1);
}

TEST_F(EventQueueTest, AFunctionErrorIsTriedThreeTimesAndThenGoesToTheDeadLetterQueue) {
  functions_.settings.dead_letter_arn = "arn:aws:sqs:us-east-1:000000000000:dead";
  functions_.settings.on_failure = "arn:aws:sns:us-east-1:000000000000:topic";
  functions_.script({failed()});
  start();
  accept("7");
  functions_.wait_for_deliveries(2);
  EXPECT_THAT(functions_.tried_, SizeIs(3));
  for (const auto& delivered : functions_.delivered_) {
    if (delivered.arn == functions_.settings.dead_letter_arn) {
      EXPECT_EQ(delivered.body, "7");
      EXPECT_EQ(delivered.attributes.at("RequestID"), "id-7");
      EXPECT_EQ(delivered.trace_header, "Root=1-5e-7");
      EXPECT_EQ(delivered.attributes.at("ErrorCode"), "200");
      EXPECT_EQ(delivered.attributes.at("ErrorMessage"), "as asked");
    } else {
      const json record = json::parse(delivered.body);
      EXPECT_EQ(record["requestContext"]["condition"], "RetriesExhausted");
      EXPECT_EQ(record["requestContext"]["approximateInvokeCount"], 3);
      EXPECT_EQ(record["responseContext"]["functionError"], "Unhandled");
    }
  }
  functions_.wait_for_metric("AsyncEventsDropped", 1);
}

TEST_F(EventQueueTest, ThrottlesUseUpNoAttempt) {
  functions_.settings.on_success = "arn:aws:lambda:us-east-1:000000000000:function:told";
  functions_.script({throttled(), throttled(), throttled(), throttled(), succeeded()});
  start();
  accept("1");
  functions_.wait_for_deliveries(1);
  EXPECT_THAT(functions_.tried_, SizeIs(5));
  EXPECT_EQ(json::parse(functions_.delivered_[0].body)["requestContext"]["approximateInvokeCount"],
            1);
}

TEST_F(EventQueueTest, WhatCannotBeDeliveredIsCounted) {
  functions_.settings.on_failure = "arn:aws:sns:us-east-1:000000000000:broken";
  functions_.settings.dead_letter_arn = "arn:aws:sqs:us-east-1:000000000000:broken";
  functions_.settings.maximum_retry_attempts = 0;
  functions_.script({failed()});
  start();
  accept("1");
  functions_.wait_for_metric("DestinationDeliveryFailures", 1);
  functions_.wait_for_metric("DeadLetterErrors", 1);
  EXPECT_THAT(functions_.tried_, SizeIs(1));
}

TEST_F(EventQueueTest, WhatHasNotEndedIsTriedByTheNextQueueOnTheSameFile) {
  EventQueuePort::Outcome stopping;
  stopping.stopping = true;  // nothing is tried while the engine goes down
  functions_.script({stopping});
  start();
  for (const char* payload : {"1", "2", "3"}) accept(payload);
  functions_.wait_for_tries(3);
  queue_.reset();
  functions_.tried_.clear();
  functions_.script({succeeded()});
  start();
  functions_.wait_for_tries(3);
  EXPECT_THAT(functions_.tried_, IsSupersetOf({"1", "2", "3"}));
}

TEST_F(EventQueueTest, AfterStopNothingIsAccepted) {
  start();
  queue_->stop();
  Result<void> answer;
  queue_->accept({}, [&](Result<void> r) { answer = std::move(r); });
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
}

TEST_F(EventQueueTest, ManyCallersShareTransactions) {
  functions_.script({succeeded()});
  start();
  constexpr int kThreads = 4, kEach = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([this, t] {
      for (int i = 0; i < kEach; ++i) accept(std::to_string(t * kEach + i));
    });
  for (auto& thread : threads) thread.join();
  functions_.wait_for_tries(kThreads * kEach);
  EXPECT_EQ(std::set<std::string>(functions_.tried_.begin(), functions_.tried_.end()).size(),
            static_cast<size_t>(kThreads * kEach));
}

}  // namespace
}  // namespace kiln::engine
