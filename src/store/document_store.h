// Documents in SQLite: one row for each kind ("alarm", "sns-topic", …), Region and key. What a
// document says is its owner's business. Not thread-safe: the control thread owns it.
#pragma once

#include <functional>
#include <string>

#include "base/state_port.h"
#include "store/database.h"

namespace kiln::store {

class DocumentStore final : public StatePort {
 public:
  explicit DocumentStore(Database& database);

  Result<void> save(const std::string& kind, const std::string& region, const std::string& key,
                    const std::string& document) override;
  Result<void> erase_all(const std::vector<Place>& places) override;

  using Visit = std::function<void(const std::string& kind, const std::string& region,
                                   const std::string& key, const std::string& document)>;
  Result<void> load_all(const Visit& visit);

 private:
  Database& database_;
};

}  // namespace kiln::store
