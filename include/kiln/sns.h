// Notifications through SNS.
//
//   kiln::sns::Client notifications;  // AWS_ENDPOINT_URL_SNS, AWS_ENDPOINT_URL or AWS's own
//   const std::string id = notifications.publish(topic_arn, "disk is full", {.subject = "Alarm"});
//
// Throws aws::Error. A message is not published again when the answer was lost.
//
// Threading: any thread. Ownership: as <kiln/aws.h>. Cost: one request.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "kiln/aws.h"

namespace kiln::sns {

struct PublishOptions {
  std::string subject = {};
  std::map<std::string, std::string> attributes = {};  // of type String
  std::string group_id = {};                           // FIFO topics
  std::string deduplication_id = {};
};

class Client {
 public:
  // Throws std::invalid_argument when the endpoint or the region can't be one.
  explicit Client(aws::Config config = aws::Config::from_environment("sns"));
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // The message's id.
  std::string publish(const std::string& topic_arn, const std::string& message,
                      const PublishOptions& options = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiln::sns
