// Items in DynamoDB's tables.
//
//   kiln::dynamodb::Client tables;  // AWS_ENDPOINT_URL_DYNAMODB or AWS's own
//   tables.put("orders", {{"id", "o-1"}, {"amount", 12.5}});
//   if (const auto item = tables.get("orders", {{"id", "o-1"}})) use(item->at("amount"));
//   try {
//     tables.put("orders", {{"id", "o-1"}}, {.text = "attribute_not_exists(id)"});
//   } catch (const kiln::dynamodb::ConditionFailed&) {
//     …  // somebody was first
//   }
//
// All throw aws::Error. A conditional put or delete and an update are not tried again when their
// answer was lost, as a second try might fail on what the first one did, or add twice.
//
// Threading: any thread. Ownership: as <kiln/aws.h>. Cost: one request each; query() one for each
// megabyte.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kiln/aws.h"
#include "kiln/dynamodb_value.h"

namespace kiln::dynamodb {

class ConditionFailed : public aws::Error {
 public:
  using aws::Error::Error;
};

// An expression in DynamoDB's language, with what it refers to: "#n = :v" names {{"#n", "name"}}
// and values {{":v", 1}}.
struct Expression {
  std::string text = {};
  std::map<std::string, std::string> names = {};
  Item values = {};
};

enum class Read { kEventual, kConsistent };
enum class Order { kAscending, kDescending };  // of the range key

struct Query {
  Expression key = {};      // "id = :id AND at > :since"
  std::string filter = {};  // shares the names and values of `key`
  std::string index = {};   // a secondary index
  Order order = Order::kAscending;
  Read read = Read::kEventual;
  size_t limit = 0;  // at most so many items; 0: all
};

class Client {
 public:
  // Throws std::invalid_argument when the endpoint or the region can't be one.
  explicit Client(aws::Config config = aws::Config::from_environment("dynamodb"));
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  std::optional<Item> get(const std::string& table, const Item& key, Read read = Read::kEventual);
  void put(const std::string& table, const Item& item);
  // Throws ConditionFailed.
  void put(const std::string& table, const Item& item, const Expression& condition);
  // "SET #c = #c + :one"; `condition` shares its names and values. Returns the item as it is now.
  // Throws ConditionFailed.
  Item update(const std::string& table, const Item& key, const Expression& change,
              const std::string& condition = {});
  void remove(const std::string& table, const Item& key);
  void remove(const std::string& table, const Item& key, const Expression& condition);
  std::vector<Item> query(const std::string& table, const Query& query);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiln::dynamodb
