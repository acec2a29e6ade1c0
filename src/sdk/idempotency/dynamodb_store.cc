#include "kiln/dynamodb.h"
#include "kiln/idempotency.h"

namespace kiln::idempotency {
namespace {

using dynamodb::Expression;
using dynamodb::Item;

int64_t epoch_ms(Time time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// `expiration` is for the table's time to live, which counts seconds and deletes in its own time;
// what counts is expires_ms.
Item item_of(const std::string& key, const std::string& owner, Time until) {
  return {{"id", key},
          {"owner", owner},
          {"expires_ms", epoch_ms(until)},
          {"expiration", epoch_ms(until) / 1000 + 1}};
}

// `owner` is one of DynamoDB's reserved words.
Expression still_mine(const std::string& owner) {
  return {.text = "#owner = :owner AND attribute_not_exists(answer)",
          .names = {{"#owner", "owner"}},
          .values = {{":owner", owner}}};
}

}  // namespace

DynamoDbStore::DynamoDbStore(dynamodb::Client& client, std::string table)
    : client_(client), table_(std::move(table)) {}

Claim DynamoDbStore::claim(const std::string& key, const std::string& owner, Time now, Time until) {
  while (true) {
    try {
      client_.put(table_, item_of(key, owner, until),
                  {.text = "attribute_not_exists(id) OR expires_ms <= :now",
                   .values = {{":now", epoch_ms(now)}}});
      return {Claim::State::kTaken};
    } catch (const dynamodb::ConditionFailed&) {
      const auto item = client_.get(table_, {{"id", key}}, dynamodb::Read::kConsistent);
      if (!item) continue;  // released in between: it can be taken now
      const auto answer = item->find("answer");
      if (answer == item->end()) return {Claim::State::kInProgress};
      const auto* text = answer->second.get_if<std::string>();
      return {Claim::State::kDone, text ? *text : ""};
    }
  }
}

bool DynamoDbStore::complete(const std::string& key, const std::string& owner,
                             const std::string& answer, Time until) {
  Item item = item_of(key, owner, until);
  item.emplace("answer", answer);
  try {
    client_.put(table_, item, still_mine(owner));
    return true;
  } catch (const dynamodb::ConditionFailed&) {
    return false;
  }
}

void DynamoDbStore::release(const std::string& key, const std::string& owner) {
  try {
    client_.remove(table_, {{"id", key}}, still_mine(owner));
  } catch (const dynamodb::ConditionFailed&) {
    // Somebody else has it by now.
  }
}

}  // namespace kiln::idempotency
