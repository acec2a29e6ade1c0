// CodeUse: which packages of the code store must stay.
//
// A package stays while a function or version refers to it, and afterwards for as long as an
// invocation that began with it may still run: its environment has the folder mounted, and may yet
// open files of it. Threading: one thread (the control thread). Cost of a call: one pass over all
// functions.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/function.h"

namespace kiln::services {

class CodeUse {
 public:
  // Longest timeout, with room for the end of the environment.
  static constexpr auto kGrace = std::chrono::minutes(16);

  // Notes what `functions` refer to now. Call it before a change that may release packages.
  void note(const std::vector<model::FunctionPtr>& functions, SteadyTime now);
  // The same, after the change; returns the keys that must stay, and forgets the others.
  std::set<std::string> keep(const std::vector<model::FunctionPtr>& functions, SteadyTime now);

 private:
  std::map<std::string, SteadyTime> last_referred_;
};

}  // namespace kiln::services
