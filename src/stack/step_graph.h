// Runs steps that need one another: each after those that it needs, several at a time.
//
//   StepGraph graph({{"Alias", {"Version"}}, {"Version", {}}});
//   Result<void> done = graph.run(8, OnError::kStop, [&](const std::string& id) { … });
//
// run() blocks and calls the step on its caller's thread and more of its own. Names needed that are
// no steps don't count. Steps that stand in a circle run one after the other when nothing else can.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace kiln::stack {

enum class OnError {
  kStop,  // nothing more is started; what runs comes to its end
  kGoOn,  // what doesn't need the failed step still runs
};

class StepGraph {
 public:
  using Needs = std::map<std::string, std::vector<std::string>>;

  explicit StepGraph(Needs needs) : needs_(std::move(needs)) {}

  // Every arrow turned round: for taking down what was built up.
  StepGraph reversed() const;

  // The first error, if any.
  Result<void> run(int at_once, OnError on_error,
                   const std::function<Result<void>(const std::string& id)>& step) const;
  // In an order in which nothing comes before what it needs. REQUIRES: no circle.
  std::vector<std::string> order() const;

 private:
  Needs needs_;
};

}  // namespace kiln::stack
