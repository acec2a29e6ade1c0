// Functions in SQLite: what survives a kill. One row per function, one per version, one per alias;
// the documents are JSON text. Not thread-safe: the control thread owns it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/function.h"
#include "store/database.h"

namespace kiln::store {

class FunctionStore {
 public:
  explicit FunctionStore(Database& database);

  Result<std::vector<model::FunctionPtr>> load_all();
  // Writes the difference between `before` (nullptr: new) and `after` in one transaction.
  Result<void> put(const model::Function* before, const model::Function& after);
  Result<void> erase(const std::string& region, const std::string& name);

 private:
  Database& database_;
};

}  // namespace kiln::store
