// Ports for tests of scaling: documents in memory, functions with a capacity.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "scaling/capacity_port.h"

namespace kiln::scaling {

class FakeCapacity final : public CapacityPort {
 public:
  Result<int> current(const std::string&, const ResourceId& resource) override {
    const auto found = units.find(resource.text());
    if (found == units.end())
      return Error{ErrorKind::kNotFound, "ResourceNotFoundException",
                   "Function not found: " + resource.text()};
    return found->second;
  }
  Result<void> set(const std::string&, const ResourceId& resource, int wanted) override {
    if (wanted > reserved)
      return Error{ErrorKind::kInvalid, "InvalidParameterValueException",
                   "Requested Provisioned Concurrency should not be greater than the "
                   "reservedConcurrentExecution for function"};
    units[resource.text()] = wanted;
    sets.push_back(wanted);
    return {};
  }

  std::map<std::string, int> units;  // by resource; absent: no such function
  int reserved = 1'000'000;
  std::vector<int> sets;
};

}  // namespace kiln::scaling
