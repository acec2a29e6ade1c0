// Sends messages to SQS queues, which Kiln doesn't have itself: to the endpoint that --forward sqs=
// names, in SQS's JSON protocol.
//
// Threading: send() from any thread; `done` is called on the loop's thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http_client.h"
#include "notify/message.h"

namespace kiln::engine {

struct QueueMessage {
  std::string body;
  std::vector<notify::MessageAttribute> attributes;
  std::string group_id;          // "" where there is none, as the next two
  std::string deduplication_id;  // FIFO queues only
  std::string trace_header;      // the system attribute AWSTraceHeader
};

class QueueSender {
 public:
  // `endpoint` is "" where no endpoint was given: each send() is refused then.
  QueueSender(net::IoLoop& loop, std::string endpoint)
      : client_(loop), endpoint_(std::move(endpoint)) {}

  // `queue_arn`: arn:aws:sqs:REGION:ACCOUNT:NAME.
  void send(const std::string& queue_arn, const QueueMessage& message,
            std::function<void(Result<void>)> done);

 private:
  net::HttpClient client_;
  std::string endpoint_;
};

}  // namespace kiln::engine
