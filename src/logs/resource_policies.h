// The resource policies of CloudWatch Logs: which services may write into log groups. Kept and
// given back; nobody is refused for them.
//
// Each policy is a document of kind kKind. Threading: reads from any thread; put() and erase() on
// the thread of the StatePort.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "base/result.h"
#include "base/state_port.h"

namespace kiln::logs {

struct ResourcePolicy {
  std::string document;  // as it was put
  int64_t updated_ms = 0;
};

class ResourcePolicies {
 public:
  static constexpr const char* kKind = "log-resource-policy";

  // Outlives this.
  explicit ResourcePolicies(StatePort& port) : port_(port) {}

  // A document that the port has kept; one that is not of this kind's form is no policy.
  void load(const std::string& region, const std::string& name, const std::string& document);

  // By name.
  std::map<std::string, ResourcePolicy> all(const std::string& region) const;

  Result<void> put(const std::string& region, const std::string& name, ResourcePolicy policy);
  // False: there was none.
  Result<bool> erase(const std::string& region, const std::string& name);

 private:
  using Name = std::pair<std::string, std::string>;  // Region, policy

  StatePort& port_;
  mutable Mutex mutex_;
  std::map<Name, ResourcePolicy> policies_ KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::logs
