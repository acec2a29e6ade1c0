// The registry owns every function: it writes a change to the store, then publishes the new value.
// Whether a change is allowed is decided by those who make the new value (the Lambda service, by
// the rules of model/).
//
// Threading: all calls are made on the engine's control thread, which those that read or change
// check. `publish` is called before a change returns, so that a caller who has seen the answer also
// sees its effect on the invoke path. Errors have AWS's type, text and HTTP kind; a failed write
// changes and publishes nothing.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/function.h"
#include "net/io_loop.h"
#include "store/function_store.h"

namespace kiln::engine {

class Registry {
 public:
  // nullptr as function: deleted.
  using Publish =
      std::function<void(const std::string& region, const std::string& name, model::FunctionPtr)>;

  // `control`: the control thread; nullptr: there is one thread only.
  Registry(store::FunctionStore& store, const Clock& clock, std::string account, Publish publish,
           const net::IoLoop* control = nullptr);

  // Reads all functions from the store and publishes each.
  Result<void> load();

  const std::string& account() const { return account_; }
  const Clock& clock() const { return clock_; }
  // Error: ResourceNotFoundException with the unqualified ARN.
  Result<model::FunctionPtr> find(const std::string& region, const std::string& name) const;
  // Functions of a Region in name order, after `marker` ("" = from the start), at most max_items.
  std::vector<model::FunctionPtr> list(const std::string& region, const std::string& marker,
                                       size_t max_items) const;
  // Every function, by Region and name.
  std::vector<model::FunctionPtr> all() const;
  // Keys of all that functions have in the code store.
  std::set<std::string> code_in_use() const;

  // Stores `next` as the new value of its function (created or changed) and publishes it.
  Result<void> put(model::FunctionPtr next);
  Result<void> erase(const std::string& region, const std::string& name);

 private:
  void require_control() const;

  store::FunctionStore& store_;
  const Clock& clock_;
  std::string account_;
  Publish publish_;
  const net::IoLoop* control_;
  std::map<std::string, std::map<std::string, model::FunctionPtr>> regions_;
};

}  // namespace kiln::engine
