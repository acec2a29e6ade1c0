// Where rules that keep state let it be stored: a document for each kind, Region and key. The
// implementation writes before it returns: what was saved survives a kill.
#pragma once

#include <string>

#include "base/result.h"

namespace kiln {

class StatePort {
 public:
  virtual Result<void> save(const std::string& kind, const std::string& region,
                            const std::string& key, const std::string& document) = 0;
  virtual void erase(const std::string& kind, const std::string& region,
                     const std::string& key) = 0;

 protected:
  ~StatePort() = default;
};

}  // namespace kiln
