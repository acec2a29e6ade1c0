// StatePorts without a disk. Tests only.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/state_port.h"

namespace kiln::tests {

class NoState final : public StatePort {
 public:
  Result<void> save(const std::string&, const std::string&, const std::string&,
                    const std::string&) override {
    return {};
  }
  Result<void> erase_all(const std::vector<Place>&) override { return {}; }
};

// Keeps what it is given, and refuses when told.
class MemoryState final : public StatePort {
 public:
  Result<void> save(const std::string& kind, const std::string& region, const std::string& key,
                    const std::string& document) override {
    ++writes;
    if (full || (refuses && refuses(key))) return refusal();
    documents[{kind, region, key}] = document;
    return {};
  }
  Result<void> erase_all(const std::vector<Place>& places) override {
    if (full) return refusal();
    for (const Place& place : places)
      if (refuses && refuses(place.key)) return refusal();
    for (const auto& [kind, region, key] : places) documents.erase({kind, region, key});
    return {};
  }
  size_t count(const std::string& kind) const {
    size_t n = 0;
    for (const auto& [key, text] : documents) n += std::get<0>(key) == kind;
    return n;
  }

  std::map<std::tuple<std::string, std::string, std::string>, std::string> documents;
  int writes = 0;  // which were tried
  bool full = false;
  std::function<bool(const std::string& key)> refuses;  // some alone

 private:
  static Error refusal() { return {ErrorKind::kInternal, "DatabaseError", "the disk is full"}; }
};

}  // namespace kiln::tests
