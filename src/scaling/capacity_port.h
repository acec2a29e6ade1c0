// How scaling reads and changes the provisioned concurrency of a function's version or alias.
#pragma once

#include <string>

#include "base/result.h"
#include "scaling/resource_id.h"

namespace kiln::scaling {

class CapacityPort {
 public:
  // What is configured; 0 when there is none. Error: no such function, version or alias.
  virtual Result<int> current(const std::string& region, const ResourceId& resource) = 0;
  // 0 takes the configuration away. Errors: Lambda's.
  virtual Result<void> set(const std::string& region, const ResourceId& resource, int units) = 0;

 protected:
  ~CapacityPort() = default;
};

}  // namespace kiln::scaling
