// What the functions' configurations claim of the concurrency of each Region: a reserve, or else
// the environments that are provisioned. The rest is unreserved.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "model/function.h"

namespace kiln::engine {

class Claims {
 public:
  // The function's configuration is now this; nullptr: the function is gone. Returns what the
  // Region's functions claim together, or nullopt if that is as before.
  std::optional<int> set(const std::string& region, const std::string& name,
                         const model::Function* function);

 private:
  std::map<std::pair<std::string, std::string>, int> of_functions_;  // only what is not 0
  std::map<std::string, int> of_regions_;
};

}  // namespace kiln::engine
