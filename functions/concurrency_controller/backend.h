// Where metrics come from and reserves are set: CloudWatch and Lambda at AWS_ENDPOINT_URL, or at
// AWS.
//
// Threading: one thread. Cost: metrics() is one request, capacity() two when nothing is reserved.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "advice.h"

namespace concurrency_controller {

// The minutes that end at `end`.
struct Window {
  int minutes = 5;
  std::chrono::system_clock::time_point end;
};

class Backend {
 public:
  virtual ~Backend() = default;
  // All throw kiln::aws::Error.
  virtual Metrics metrics(const std::string& function, const Window& window) = 0;
  virtual Capacity capacity(const std::string& function) = 0;
  virtual void reserve(const std::string& function, int concurrency) = 0;
};

// `budget`: the time of one invocation; a service that is silent is an error before it is over.
std::unique_ptr<Backend> open_aws_backend(std::chrono::milliseconds budget);

}  // namespace concurrency_controller
