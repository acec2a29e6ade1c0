// What an ARN stands for when something is sent to it: an alarm's action, the end of an
// asynchronous invocation. Functions are invoked asynchronously, topics are published to, queues
// are another server's, scaling policies are run.
//
// Threading: act() on the control thread; deliver() on any thread.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "engine/invocation.h"
#include "engine/notifier.h"
#include "engine/queue_sender.h"
#include "net/io_loop.h"
#include "notify/topic_book.h"
#include "telemetry/alarm_record.h"

namespace kiln::engine {

class TargetRouter {
 public:
  using Done = std::function<void(Result<void>)>;
  struct Ports {
    // Both on the control thread: takes an invocation; whether its function is there.
    std::function<void(InvokeRequest&&, Done)> invoke;
    std::function<Result<void>(const InvokeRequest&)> check;
    // A scaling policy's part in an alarm.
    std::function<Result<void>(const telemetry::FiredAction&, WallTime now)> scale;
  };
  TargetRouter(net::IoLoop& control, notify::TopicBook& topics, Notifier& notifier,
               QueueSender& queues, Ports ports)
      : control_(control),
        topics_(topics),
        notifier_(notifier),
        queues_(queues),
        ports_(std::move(ports)) {}

  // Success: it is under way (a topic's subscribers are told in their own time).
  Result<void> act(const telemetry::FiredAction& action, WallTime now);
  struct Parcel {
    std::string body;
    std::map<std::string, std::string> attributes;  // for topics and queues
    std::string trace_header;
  };
  // `done` may be called on another thread.
  void deliver(const std::string& target_arn, const std::string& region, const Parcel& parcel,
               Done done);

 private:
  Result<void> publish(const std::string& topic_arn, const notify::Message& message);

  net::IoLoop& control_;
  notify::TopicBook& topics_;
  Notifier& notifier_;
  QueueSender& queues_;
  Ports ports_;
};

}  // namespace kiln::engine
