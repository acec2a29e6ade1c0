// Ports for tests of scaling: documents in memory, functions with a capacity.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/state_port.h"
#include "scaling/capacity_port.h"

namespace kiln::scaling {

class MemoryPort final : public StatePort {
 public:
  Result<void> save(const std::string& kind, const std::string& region, const std::string& key,
                    const std::string& text) override {
    if (failing) return Error{ErrorKind::kInternal, "InternalServiceFault", "no space"};
    ++writes;
    documents[{kind, region, key}] = text;
    return {};
  }
  void erase(const std::string& kind, const std::string& region, const std::string& key) override {
    documents.erase({kind, region, key});
  }
  size_t count(const std::string& kind) const {
    size_t n = 0;
    for (const auto& [key, text] : documents) n += std::get<0>(key) == kind;
    return n;
  }

  std::map<std::tuple<std::string, std::string, std::string>, std::string> documents;
  int writes = 0;
  bool failing = false;
};

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
