// What this machine has and allows, for `kiln doctor`. Each check looks, and changes nothing.
#pragma once

#include <string>
#include <vector>

#include "cli/api_client.h"

namespace kiln::cli {

enum class Health {
  kGood,
  kLimited,  // functions run, but something isn't enforced or isn't there
  kBroken,   // functions don't run
};

struct MachineCheck {
  std::string name;
  Health health = Health::kGood;
  std::string found;
  std::string advice;  // the next step, unless kGood
};

// In the order in which they are printed.
std::vector<MachineCheck> check_machine(const ApiOptions& api);

}  // namespace kiln::cli
