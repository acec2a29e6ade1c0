#include "kiln/dynamodb.h"

#include <nlohmann/json.hpp>

#include "sdk/clients/aws/error.h"
#include "sdk/clients/aws/json_call.h"

namespace kiln::dynamodb {
namespace {

using aws::Repeat;
using nlohmann::json;

constexpr aws::JsonProtocol kProtocol{"DynamoDB_20120810"};

void add_references(const Expression& expression, json& input) {
  if (!expression.names.empty()) input["ExpressionAttributeNames"] = expression.names;
  if (!expression.values.empty()) {
    input["ExpressionAttributeValues"] = item_to_attributes(expression.values);
  }
}

}  // namespace

struct Client::Impl {
  explicit Impl(aws::Config config) : service({.name = "dynamodb"}, std::move(config)) {}

  json call(std::string_view operation, const json& input, Repeat repeat) {
    try {
      return aws::json_call(service, kProtocol, operation, input, repeat);
    } catch (const aws::Error& e) {
      if (e.code() != "ConditionalCheckFailedException") throw;
      throw ConditionFailed(
          {e.service(), e.operation(), e.code(), e.message(), e.status(), e.request_id()});
    }
  }
  Item item_in(std::string_view operation, const json& attributes) {
    try {
      return item_from_attributes(attributes);
    } catch (const std::invalid_argument& e) {
      throw aws::Error({"dynamodb", std::string(operation), "BadAnswer",
                        std::string("the answer holds ") + e.what(), 200, ""});
    }
  }
  void write(std::string_view operation, json input, const Expression& condition) {
    input["ConditionExpression"] = condition.text;
    add_references(condition, input);
    call(operation, input, Repeat::kOnce);
  }

  aws::ServiceClient service;
};

Client::Client(aws::Config config) : impl_(std::make_unique<Impl>(std::move(config))) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

std::optional<Item> Client::get(const std::string& table, const Item& key, Read read) {
  json input = {{"TableName", table}, {"Key", item_to_attributes(key)}};
  if (read == Read::kConsistent) input["ConsistentRead"] = true;
  const json answer = impl_->call("GetItem", input, Repeat::kTwice);
  const auto found = answer.find("Item");
  if (found == answer.end()) return std::nullopt;
  return impl_->item_in("GetItem", *found);
}

void Client::put(const std::string& table, const Item& item) {
  impl_->call("PutItem", {{"TableName", table}, {"Item", item_to_attributes(item)}},
              Repeat::kTwice);
}

void Client::put(const std::string& table, const Item& item, const Expression& condition) {
  impl_->write("PutItem", {{"TableName", table}, {"Item", item_to_attributes(item)}}, condition);
}

Item Client::update(const std::string& table, const Item& key, const Expression& change,
                    const std::string& condition) {
  json input = {{"TableName", table},
                {"Key", item_to_attributes(key)},
                {"UpdateExpression", change.text},
                {"ReturnValues", "ALL_NEW"}};
  if (!condition.empty()) input["ConditionExpression"] = condition;
  add_references(change, input);
  const json answer = impl_->call("UpdateItem", input, Repeat::kOnce);
  const auto found = answer.find("Attributes");
  return found == answer.end() ? Item{} : impl_->item_in("UpdateItem", *found);
}

void Client::remove(const std::string& table, const Item& key) {
  impl_->call("DeleteItem", {{"TableName", table}, {"Key", item_to_attributes(key)}},
              Repeat::kTwice);
}

void Client::remove(const std::string& table, const Item& key, const Expression& condition) {
  impl_->write("DeleteItem", {{"TableName", table}, {"Key", item_to_attributes(key)}}, condition);
}

std::vector<Item> Client::query(const std::string& table, const Query& query) {
  json input = {{"TableName", table}, {"KeyConditionExpression", query.key.text}};
  add_references(query.key, input);
  if (!query.filter.empty()) input["FilterExpression"] = query.filter;
  if (!query.index.empty()) input["IndexName"] = query.index;
  if (query.order == Order::kDescending) input["ScanIndexForward"] = false;
  if (query.read == Read::kConsistent) input["ConsistentRead"] = true;
  std::vector<Item> items;
  json last;
  while (true) {
    // A filter comes after the service's own limit, so with one that would ask for too few.
    if (query.limit > 0 && query.filter.empty()) input["Limit"] = query.limit - items.size();
    const json answer = impl_->call("Query", input, Repeat::kTwice);
    const auto found = answer.find("Items");
    if (found != answer.end()) {
      for (const json& attributes : *found) {
        items.push_back(impl_->item_in("Query", attributes));
        if (items.size() == query.limit) return items;
      }
    }
    const auto next = answer.find("LastEvaluatedKey");
    if (next == answer.end() || !next->is_object() || next->empty()) return items;
    if (*next == last) {
      throw aws::Error({"dynamodb", "Query", "BadAnswer", "the same page came twice", 200, ""});
    }
    last = *next;
    input["ExclusiveStartKey"] = last;
  }
}

}  // namespace kiln::dynamodb
