// Where metrics come from and reserves are set: CloudWatch and Lambda at AWS_ENDPOINT_URL, or at
// AWS.
//
// Threading: one thread. Cost: metrics() is one request, capacity() two when nothing is reserved.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "advice.h"

namespace concurrency_controller {

class Backend {
 public:
  virtual ~Backend() = default;
  // All throw kiln::aws::Error.
  virtual Metrics metrics(const std::string& function, int minutes) = 0;
  virtual Capacity capacity(const std::string& function) = 0;
  virtual void reserve(const std::string& function, int concurrency) = 0;
};

// `budget`: the time of one invocation; a service that is silent is an error before it is over.
// `now`: the machine's clock when it is empty.
std::unique_ptr<Backend> open_aws_backend(
    std::chrono::milliseconds budget,
    std::function<std::chrono::system_clock::time_point()> now = {});

}  // namespace concurrency_controller
