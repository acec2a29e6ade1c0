// Where rules that keep state let it be stored: a document for each kind, Region and key. The
// implementation writes before it returns: what was saved, or erased, survives a kill. After an
// error nothing has changed there, so that callers change themselves only after success.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace kiln {

class StatePort {
 public:
  struct Place {
    std::string kind;
    std::string region;
    std::string key;
  };

  virtual Result<void> save(const std::string& kind, const std::string& region,
                            const std::string& key, const std::string& document) = 0;
  // All of them or none. What isn't there counts as erased.
  virtual Result<void> erase_all(const std::vector<Place>& places) = 0;

  Result<void> erase(const std::string& kind, const std::string& region, const std::string& key) {
    return erase_all({Place{kind, region, key}});
  }

 protected:
  ~StatePort() = default;
};

}  // namespace kiln
