// A notifier whose subscribers are within this process, over real sockets. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <nlohmann/json.hpp>

#include "engine/notifier.h"
#include "net/http_connection.h"
#include "net/http_server.h"
#include "tests/support/state_doubles.h"

namespace kiln::engine {

using nlohmann::json;
using notify::SubscriptionPtr;

inline constexpr const char* kRegion = "eu-west-1";
inline constexpr const char* kDeadLetters = "arn:aws:sqs:eu-west-1:000000000000:dead";
inline constexpr double kDeliverySpeed = 1000;  // 20 s of a delivery policy are 20 ms
inline constexpr int kDefaultAttempts = 4;

struct Got {
  std::string path;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  SteadyTime when;
};

// What has come from all sides, under one lock.
class Inbox {
 public:
  void add(Got&& got) {
    change([&] { requests_.push_back(std::move(got)); });
  }
  void log(const std::string& line) {
    change([&] { lines_.push_back(line); });
  }
  void count(const MetricPoint& point) {
    change([&] { metrics_[point.key.name] += point.values.sum; });
  }
  void invoked(const InvokeRequest& request) {
    change([&] { invocations_.push_back(request); });
  }
  // What a path answers: these statuses one after the other, then the last one again; 0 is no
  // answer. 200 where nothing is said.
  void answer(const std::string& path, std::deque<unsigned> statuses) {
    const std::lock_guard lock(mutex_);
    answers_[path] = std::move(statuses);
  }
  unsigned next_answer(const std::string& path) {
    const std::lock_guard lock(mutex_);
    auto& statuses = answers_[path];
    const unsigned status = statuses.empty() ? 200 : statuses.front();
    if (statuses.size() > 1) statuses.pop_front();
    return status;
  }
  // Of `path`. Waits until there are `count`.
  std::vector<Got> requests(const std::string& path, size_t count) {
    std::unique_lock lock(mutex_);
    std::vector<Got> out;
    wait(lock, [&] {
      out = of(path);
      return out.size() >= count;
    });
    EXPECT_GE(out.size(), count) << path;
    out.resize(std::max(out.size(), count));
    return out;
  }
  size_t requests_so_far(const std::string& path) {
    const std::lock_guard lock(mutex_);
    return of(path).size();
  }
  bool logged(const std::string& part) {
    std::unique_lock lock(mutex_);
    return wait(lock, [&] {
      return std::any_of(lines_.begin(), lines_.end(),
                         [&](const std::string& line) { return line.find(part) != line.npos; });
    });
  }
  bool counted(const std::string& metric, double value) {
    std::unique_lock lock(mutex_);
    return wait(lock, [&] { return metrics_[metric] >= value; }) && metrics_[metric] == value;
  }
  std::vector<InvokeRequest> invocations() {
    const std::lock_guard lock(mutex_);
    return invocations_;
  }
  std::string lines() {
    const std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& line : lines_) out += line + "\n";
    return out;
  }

 private:
  template <class F>
  void change(F&& f) {
    {
      const std::lock_guard lock(mutex_);
      f();
    }
    changed_.notify_all();
  }
  template <class F>
  bool wait(std::unique_lock<std::mutex>& lock, F&& done) {
    return changed_.wait_for(lock, std::chrono::seconds(20), done);
  }
  std::vector<Got> of(const std::string& path) const {
    std::vector<Got> out;
    for (const Got& got : requests_)
      if (got.path == path) out.push_back(got);
    return out;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::deque<unsigned>> answers_;
  std::vector<Got> requests_;
  std::vector<std::string> lines_;
  std::map<std::string, double> metrics_;
  std::vector<InvokeRequest> invocations_;
};

class Endpoint final : public net::Session {
 public:
  Endpoint(net::HttpConnection& connection, Inbox& inbox)
      : connection_(connection), inbox_(inbox) {}
  uint64_t body_limit(const net::RequestHeader&) override { return 1 << 22; }
  net::Response too_large(const net::RequestHeader&) override { return {}; }
  void on_request(net::Request&& request) override {
    Got got;
    got.when = std::chrono::steady_clock::now();
    got.path = std::string(net::target(request));
    for (const auto& field : request) {
      std::string name(field.name_string());
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      got.headers[name] = std::string(field.value());
    }
    got.body = request.body();
    const unsigned status = inbox_.next_answer(got.path);
    inbox_.add(std::move(got));
    if (status == 0) return;
    net::Response response;
    response.status = status;
    connection_.reply(std::move(response));
  }
  void on_closed(bool) override {}

 private:
  net::HttpConnection& connection_;
  Inbox& inbox_;
};

class NotifierTest : public testing::Test {
 protected:
  template <class F>
  auto on_control(F&& f) {
    std::packaged_task<decltype(f())()> task(std::forward<F>(f));
    auto result = task.get_future();
    control_.post([&task] { task(); });
    return result.get();
  }
  void SetUp() override {
    server_ = std::make_unique<net::HttpServer>(
        std::vector<net::IoLoop*>{&server_loop_}, net::HttpLimits{},
        [this](net::HttpConnection& c) { return std::make_unique<Endpoint>(c, inbox_); });
    ASSERT_TRUE(server_->listen("127.0.0.1", 0));
    queues_ = std::make_unique<QueueSender>(control_, url(""));
    start();
    server_loop_.start();
    control_.start();
    topic_ = on_control([&] { return *book_.create_topic(kRegion, "t", {}, {}); });
  }
  void TearDown() override {
    control_.stop();
    control_.join();
    server_->close();
    server_loop_.stop();
    server_loop_.join();
  }
  void start() {
    Notifier::Ports ports;
    ports.invoke = [this](InvokeRequest&& request, std::function<void(Result<void>)> done) {
      inbox_.invoked(request);
      done(request.function_name == "missing"
               ? Result<void>(
                     Error{ErrorKind::kNotFound, "ResourceNotFoundException", "no function"})
               : Result<void>());
    };
    ports.log = [this](const std::string& line) { inbox_.log(line); };
    ports.record = [this](MetricPoint&& point) { inbox_.count(point); };
    notifier_ = std::make_unique<Notifier>(control_, clock_, book_, *queues_, std::move(ports));
    notifier_->set_kiln_url("http://127.0.0.1:4566");
  }

  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }
  SubscriptionPtr subscribe(const std::string& protocol, const std::string& endpoint,
                            const notify::Attributes& attributes = {}) {
    return on_control([&] {
      auto made = book_.subscribe(kRegion, topic_, protocol, endpoint, attributes);
      EXPECT_TRUE(made.ok()) << made.error().message;
      if (made && !(*made)->confirmed) made = book_.confirm(kRegion, topic_, (*made)->token);
      return *made;
    });
  }
  notify::Published published(const notify::Message& message) {
    return on_control(
        [&] { return notifier_->publish(**book_.find_topic(kRegion, topic_), message); });
  }
  std::string publish(const notify::Message& message) { return published(message).message_id; }
  std::string publish(const std::string& text) {
    notify::Message message;
    message.text = text;
    return publish(message);
  }
  static notify::Attributes with_dead_letters(notify::Attributes attributes = {}) {
    attributes["RedrivePolicy"] =
        R"({"deadLetterTargetArn": ")" + std::string(kDeadLetters) + "\"}";
    return attributes;
  }
  // What the queue server gets as the body of its next message.
  json sent_to_queue() { return json::parse(inbox_.requests("/", 1)[0].body); }

  SystemClock real_;
  ScaledClock clock_{real_, kDeliverySpeed};
  Inbox inbox_;
  net::IoLoop server_loop_{0, real_};
  net::IoLoop control_{1, real_};
  tests::NoState state_;
  notify::TopicBook book_{"000000000000", state_};
  std::unique_ptr<net::HttpServer> server_;
  std::unique_ptr<QueueSender> queues_;
  std::unique_ptr<Notifier> notifier_;
  std::string topic_;
};

}  // namespace kiln::engine
