// Brings the messages of SNS topics to their subscribers: to functions through the durable queue of
// asynchronous invocations, to HTTP endpoints with SNS's retries, to queues of another server, and
// e-mail to Kiln's log.
//
// What an HTTP endpoint hasn't taken yet waits in memory and is lost when Kiln ends. Threading: the
// control thread only. Retries follow the virtual clock, time limits of requests the real one.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "engine/fifo_lanes.h"
#include "engine/function_metrics.h"
#include "engine/invocation.h"
#include "engine/queue_sender.h"
#include "net/http_client.h"
#include "net/io_loop.h"
#include "notify/topic_book.h"

namespace kiln::engine {

class Notifier final : private net::Scheduled {
 public:
  // Requests to one subscriber at the same time, and messages that may wait for it.
  static constexpr int kPerSubscriber = 16;
  static constexpr size_t kWaiting = 10'000;

  struct Ports {
    std::function<void(InvokeRequest&&, std::function<void(Result<void>)>)> invoke;
    std::function<void(const std::string& line)> log;
    std::function<void(MetricPoint&&)> record;
  };
  Notifier(net::IoLoop& control, const ScaledClock& clock, notify::TopicBook& topics,
           QueueSender& queues, Ports ports);
  ~Notifier();

  // http://HOST:PORT of this Kiln, for the links in messages.
  void set_kiln_url(const std::string& url) { kiln_url_ = url; }
  // REQUIRES: the message was checked.
  notify::Published publish(const notify::Topic& topic, const notify::Message& message);
  // A text message to a phone: into the log. Returns its id.
  std::string text(const std::string& phone, const std::string& message);
  // Sends the request to confirm a subscription that is not confirmed, or to restore one that
  // ended.
  void ask_confirmation(notify::Confirmation what, const notify::SubscriptionPtr& subscription);

 private:
  struct Delivery {  // by HTTP
    enum class What { kMessage, kConfirmation };
    What what = What::kMessage;
    notify::SubscriptionPtr to;
    net::ClientRequest request;
    notify::DeliveryPolicy policy;
    QueueMessage dead_letter;  // what a dead-letter queue gets
    int tries = 0;
  };
  using DeliveryPtr = std::shared_ptr<Delivery>;
  struct Lane {  // of one subscriber
    std::deque<DeliveryPtr> ready;
    int in_flight = 0;
    size_t held = 0;  // ready, in flight or waiting for a retry
  };

  SteadyTime on_time(SteadyTime now) override;
  void deliver(const notify::SubscriptionPtr& to, const notify::Topic& topic,
               const notify::Message& message, const notify::Envelope& envelope);
  void send_to_queue(const notify::SubscriptionPtr& to, QueueMessage message);
  void invoke_function(const notify::SubscriptionPtr& to, const notify::Message& message,
                       const std::string& text, const notify::Envelope& envelope);
  void post(DeliveryPtr delivery);
  void pump(const std::string& subscriber);
  void answered(const DeliveryPtr& delivery, const Result<net::ClientResponse>& answer);
  void ended(const notify::Subscription& to, const Result<void>& how);
  // A message that was not taken; the dead-letter queue gets it, where there is one.
  void lost(const notify::SubscriptionPtr& to, const Error& why, const QueueMessage& message);
  void give_up(const DeliveryPtr& delivery, const std::string& why);
  void count(const notify::TopicArn& topic, const char* metric, double value, const char* unit);
  notify::Envelope envelope_of(const notify::TopicArn& topic) const;

  net::IoLoop& control_;
  const ScaledClock& clock_;
  notify::TopicBook& topics_;
  QueueSender& queues_;
  Ports ports_;
  net::HttpClient client_;
  std::string kiln_url_;
  std::unordered_map<std::string, Lane> lanes_;     // by subscription ARN
  FifoLanes in_order_;                              // of FIFO topics, by subscription ARN
  std::multimap<SteadyTime, DeliveryPtr> retries_;  // of the real clock
};

}  // namespace kiln::engine
