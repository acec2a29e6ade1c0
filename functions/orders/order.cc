#include "order.h"

#include <algorithm>

#include "request.h"
#include "sdk/core/text.h"

namespace orders {
namespace {

using nlohmann::json;

constexpr size_t kMaxText = 128;  // bytes
constexpr size_t kMaxItems = 1000;
constexpr int64_t kMaxQuantity = 1'000'000;

const json& field(const json& object, const char* name) {
  static const json null;
  const auto found = object.find(name);
  return found == object.end() ? null : *found;
}

// PostgreSQL's texts can't hold a NUL.
bool is_identifier(const json& value) {
  const auto* text = value.get_ptr<const std::string*>();
  return text && !text->empty() && text->size() <= kMaxText &&
         text->find('\0') == std::string::npos;
}

std::string request_id_of(const json& object) {
  const json& value = field(object, "request_id");
  if (!is_identifier(value)) {
    throw BadRequest("'request_id' must be a text of 1 to " + std::to_string(kMaxText) + " bytes");
  }
  return value.get<std::string>();
}

std::string user_id_of(const json& object) {
  const json& value = field(object, "user_id");
  if (value.is_number_integer()) return value.dump();
  if (!is_identifier(value)) {
    throw BadRequest("'user_id' must be a whole number or a text of 1 to " +
                     std::to_string(kMaxText) + " bytes");
  }
  return value.get<std::string>();
}

Cents amount_of(const json& object, const char* name) {
  const auto cents = cents_of(field(object, name));
  if (!cents) {
    throw BadRequest("'" + std::string(name) +
                     "' must be above 0 and below 1000000000, with at most two decimals");
  }
  return *cents;
}

std::string currency_of(const json& object) {
  const json& value = field(object, "currency");
  if (value.is_null()) return "USD";
  const auto* text = value.get_ptr<const std::string*>();
  const auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
  if (!text || text->size() != 3 || !std::all_of(text->begin(), text->end(), is_letter)) {
    throw BadRequest("'currency' must be three letters");
  }
  std::string upper = *text;
  for (char& c : upper) c = static_cast<char>(c & ~0x20);
  return upper;
}

struct Items {
  int64_t count = 0;
  Cents total = 0;
};

Items read_items(const json& items) {
  Items sum;
  if (items.is_null()) return sum;
  if (!items.is_array() || items.empty() || items.size() > kMaxItems) {
    throw BadRequest("'items' must be a list of 1 to " + std::to_string(kMaxItems) + " items");
  }
  for (const json& item : items) {
    if (!item.is_object() || !is_identifier(field(item, "sku"))) {
      throw BadRequest("an item needs 'sku': a text of 1 to " + std::to_string(kMaxText) +
                       " bytes");
    }
    const json& quantity = field(item, "quantity");
    if (!quantity.is_number_integer() || quantity < 1 || quantity > kMaxQuantity) {
      throw BadRequest("'quantity' must be a whole number from 1 to " +
                       std::to_string(kMaxQuantity));
    }
    // At most 1,000 times 10^6 times 10^11: a sum above the limit is found before it overflows.
    sum.count += quantity.get<int64_t>();
    sum.total += quantity.get<int64_t>() * amount_of(item, "price");
    if (sum.total > kMaxCents) throw BadRequest("the items' sum is too large");
  }
  return sum;
}

}  // namespace

Payment read_payment(const json& event) {
  return {.request_id = request_id_of(event),
          .user_id = user_id_of(event),
          .amount = amount_of(event, "amount"),
          .currency = currency_of(event)};
}

Order enrich_order(const json& order, const kiln::ProcessedRecord& customer,
                   const std::string& request_id, const std::string& priority) {
  const Items items = read_items(field(order, "items"));
  Order out;
  out.request_id = field(order, "request_id").is_null() ? request_id : request_id_of(order);
  out.user_id = user_id_of(order);
  const bool only_items = items.count > 0 && field(order, "amount").is_null();
  out.amount = only_items ? items.total : amount_of(order, "amount");
  if (items.count > 0 && out.amount != items.total) {
    throw BadRequest("'amount' is " + to_amount(out.amount).dump() + ", but the items' sum is " +
                     to_amount(items.total).dump());
  }
  out.currency = currency_of(order);
  out.item_count = items.count;
  if (!customer.name.empty() || !customer.email.empty()) {
    if ((customer.name + customer.email).find('\0') != std::string::npos) {
      throw BadRequest("'name' and 'email' must not hold a NUL");
    }
    out.customer_name = customer.name;
    out.customer_email = customer.email;
    out.customer_status = kiln::name_of(customer.status);
  }
  out.priority = priority;
  kiln::sdk::append_timestamp(out.received_at,
                              std::chrono::duration_cast<std::chrono::milliseconds>(
                                  customer.processed_at.time_since_epoch())
                                  .count());
  return out;
}

kiln::sdk::JsonObject to_json_object(const Order& order) {
  kiln::sdk::JsonObject out;
  out.add("request_id", order.request_id);
  out.add("user_id", order.user_id);
  add_amount(out, order.amount);
  out.add("currency", order.currency);
  out.add("item_count", order.item_count);
  if (order.customer_status.empty()) {
    out.add_json("customer", "null");
  } else {
    kiln::sdk::JsonObject customer;
    customer.add("name", order.customer_name);
    customer.add("email", order.customer_email);
    customer.add("validation_status", order.customer_status);
    out.add_json("customer", customer.text());
  }
  out.add("priority", order.priority);
  out.add("received_at", order.received_at);
  return out;
}

}  // namespace orders
