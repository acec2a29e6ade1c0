#include "store/document_store.h"

#include "store/statement.h"

namespace kiln::store {

DocumentStore::DocumentStore(Database& database) : database_(database) {}

Result<void> DocumentStore::save(const std::string& kind, const std::string& region,
                                 const std::string& key, const std::string& document) {
  Statement put(database_,
                "INSERT OR REPLACE INTO documents (kind, region, key, document)"
                " VALUES (?, ?, ?, ?)");
  return put.bind(1, kind).bind(2, region).bind(3, key).bind(4, document).run();
}

Result<void> DocumentStore::erase_all(const std::vector<Place>& places) {
  const auto erase = [&]() -> Result<void> {
    Statement row(database_, "DELETE FROM documents WHERE kind = ? AND region = ? AND key = ?");
    for (const auto& [kind, region, key] : places)
      if (auto erased = row.bind(1, kind).bind(2, region).bind(3, key).run(); !erased)
        return erased;
    return row.status();
  };
  return places.size() == 1 ? erase() : database_.transaction(erase);
}

Result<void> DocumentStore::load_all(const Visit& visit) {
  Statement select(database_, "SELECT kind, region, key, document FROM documents");
  while (select.step()) visit(select.text(0), select.text(1), select.text(2), select.text(3));
  return select.status();
}

}  // namespace kiln::store
