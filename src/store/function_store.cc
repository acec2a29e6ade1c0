#include "store/function_store.h"

#include <map>
#include <utility>

#include "store/function_json.h"
#include "store/statement.h"

namespace kiln::store {
namespace {

using Key = std::pair<std::string, std::string>;  // Region, name

Error unreadable(const std::string& row, const Error& cause) {
  return {ErrorKind::kInternal, "DatabaseError",
          "The database holds " + row + " in a form that this Kiln can't read (" + cause.message +
              "). Move the database away, or put a backup in its place."};
}

Result<void> erase_rows(Database& database, const std::string& region, const std::string& name) {
  for (const char* sql : {"DELETE FROM functions WHERE region = ? AND name = ?",
                          "DELETE FROM versions WHERE region = ? AND name = ?",
                          "DELETE FROM aliases WHERE region = ? AND name = ?"}) {
    Statement erase(database, sql);
    if (auto done = erase.bind(1, region).bind(2, name).run(); !done) return done;
  }
  return {};
}

Result<void> put_function(Database& database, const model::Function& function) {
  Statement put(database,
                "INSERT OR REPLACE INTO functions"
                " (region, name, document, next_version, reserved_concurrency)"
                " VALUES (?, ?, ?, ?, ?)");
  put.bind(1, function.region()).bind(2, function.name()).bind(3, function_to_text(function));
  return put.bind(4, function.next_version).bind(5, function.reserved_concurrency).run();
}

Result<void> put_versions(Database& database, const model::Function* before,
                          const model::Function& after) {
  Statement put(database,
                "INSERT OR REPLACE INTO versions (region, name, version, document)"
                " VALUES (?, ?, ?, ?)");
  Statement erase(database, "DELETE FROM versions WHERE region = ? AND name = ? AND version = ?");
  for (const auto& [number, config] : after.versions) {
    if (before) {
      // Configurations are immutable once shared: the same pointer is the same content.
      const auto old = before->versions.find(number);
      if (old != before->versions.end() && old->second == config) continue;
    }
    put.bind(1, after.region()).bind(2, after.name()).bind(3, number);
    if (auto done = put.bind(4, config_to_text(*config)).run(); !done) return done;
  }
  if (!before) return {};
  for (const auto& [number, config] : before->versions) {
    if (after.versions.contains(number)) continue;
    erase.bind(1, after.region()).bind(2, after.name()).bind(3, number);
    if (auto done = erase.run(); !done) return done;
  }
  return {};
}

Result<void> put_aliases(Database& database, const model::Function* before,
                         const model::Function& after) {
  Statement put(database,
                "INSERT OR REPLACE INTO aliases (region, name, alias, document)"
                " VALUES (?, ?, ?, ?)");
  Statement erase(database, "DELETE FROM aliases WHERE region = ? AND name = ? AND alias = ?");
  for (const auto& [name, alias] : after.aliases) {
    const std::string text = alias_to_text(alias);
    if (before) {
      const auto old = before->aliases.find(name);
      if (old != before->aliases.end() && alias_to_text(old->second) == text) continue;
    }
    put.bind(1, after.region()).bind(2, after.name()).bind(3, name);
    if (auto done = put.bind(4, text).run(); !done) return done;
  }
  if (!before) return {};
  for (const auto& [name, alias] : before->aliases) {
    if (after.aliases.contains(name)) continue;
    erase.bind(1, after.region()).bind(2, after.name()).bind(3, name);
    if (auto done = erase.run(); !done) return done;
  }
  return {};
}

}  // namespace

FunctionStore::FunctionStore(Database& database) : database_(database) {}

Result<std::vector<model::FunctionPtr>> FunctionStore::load_all() {
  std::map<Key, std::shared_ptr<model::Function>> found;

  Statement functions(database_,
                      "SELECT region, name, document, next_version, reserved_concurrency"
                      " FROM functions");
  while (functions.step()) {
    const Key key{functions.text(0), functions.text(1)};
    auto function = function_from_text(functions.text(2));
    if (!function) return unreadable("function " + key.second, function.error());
    function->next_version = functions.integer(3);
    if (!functions.is_null(4)) {
      function->reserved_concurrency = static_cast<int>(functions.integer(4));
    }
    found[key] = std::make_shared<model::Function>(*std::move(function));
  }
  if (!functions.status()) return functions.status().error();

  Statement versions(database_, "SELECT region, name, version, document FROM versions");
  while (versions.step()) {
    const auto owner = found.find({versions.text(0), versions.text(1)});
    if (owner == found.end()) continue;
    auto config = config_from_text(versions.text(3));
    if (!config) {
      return unreadable("version " + versions.text(2) + " of function " + owner->first.second,
                        config.error());
    }
    owner->second->versions[versions.integer(2)] =
        std::make_shared<const model::FunctionConfig>(*std::move(config));
  }
  if (!versions.status()) return versions.status().error();

  Statement aliases(database_, "SELECT region, name, alias, document FROM aliases");
  while (aliases.step()) {
    const auto owner = found.find({aliases.text(0), aliases.text(1)});
    if (owner == found.end()) continue;
    auto alias = alias_from_text(aliases.text(3));
    if (!alias) {
      return unreadable("alias " + aliases.text(2) + " of function " + owner->first.second,
                        alias.error());
    }
    owner->second->aliases[aliases.text(2)] = *std::move(alias);
  }
  if (!aliases.status()) return aliases.status().error();

  std::vector<model::FunctionPtr> all;
  all.reserve(found.size());
  for (auto& [key, function] : found) all.push_back(std::move(function));
  return all;
}

Result<void> FunctionStore::put(const model::Function* before, const model::Function& after) {
  KILN_REQUIRE(after.latest != nullptr);
  return database_.transaction([&]() -> Result<void> {
    if (!before) {
      if (auto done = erase_rows(database_, after.region(), after.name()); !done) return done;
    }
    if (auto done = put_function(database_, after); !done) return done;
    if (auto done = put_versions(database_, before, after); !done) return done;
    return put_aliases(database_, before, after);
  });
}

Result<void> FunctionStore::erase(const std::string& region, const std::string& name) {
  return database_.transaction([&] { return erase_rows(database_, region, name); });
}

}  // namespace kiln::store
