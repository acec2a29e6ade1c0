// Layers: their published versions, as the control plane keeps them. Versions are numbered from 1
// and a number is never used again. What a version holds is a package of the code store.
//
// Changes are written before they are seen. Threading: changes on the control thread, reads on any
// thread. A version is immutable; who has one keeps it after it was erased.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "base/state_port.h"
#include "model/function.h"

namespace kiln::engine {

struct LayerVersion {
  std::string region;
  std::string name;
  int64_t number = 0;
  std::string description;
  std::string license;
  // nullopt: not said; [] is given back.
  std::optional<std::vector<std::string>> runtimes;
  std::optional<std::vector<std::string>> architectures;
  std::string created;  // 2023-01-21T11:30:00.000+0000
  model::CodeLocation code;
  std::string statements;  // of its policy: JSON array text; empty: no policy
  std::string policy_revision;
};
using LayerVersionPtr = std::shared_ptr<const LayerVersion>;

class LayerBook {
 public:
  // `port` outlives this.
  explicit LayerBook(StatePort& port) : port_(port) {}

  static bool owns(const std::string& kind);
  Result<void> load(const std::string& kind, const std::string& region, const std::string& key,
                    const std::string& document);

  // Gives the version its number.
  Result<LayerVersionPtr> publish(LayerVersion version);
  // A changed policy. REQUIRES: the version is there.
  Result<void> put(LayerVersion version);
  // No effect when it is not there.
  Result<void> erase(const std::string& region, const std::string& name, int64_t number);

  // nullptr: no such version.
  LayerVersionPtr find(const std::string& region, const std::string& name, int64_t number) const;
  // The newest first.
  std::vector<LayerVersionPtr> versions(const std::string& region, const std::string& name) const;
  // Of all layers that have a version, in their order.
  std::vector<std::string> names(const std::string& region) const;
  // Keys of all packages in the code store.
  std::set<std::string> code_in_use() const;

 private:
  struct Layer {
    int64_t next_number = 1;
    std::map<int64_t, LayerVersionPtr> versions;
  };

  StatePort& port_;
  mutable Mutex mutex_;
  std::map<std::string, std::map<std::string, Layer>> regions_ KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::engine
