#include "order.h"

#include <algorithm>

#include "request.h"
#include "sdk/core/text.h"

namespace orders {
namespace {

using kiln::JsonView;

constexpr size_t kMaxText = 128;  // bytes
constexpr size_t kMaxItems = 1000;
constexpr int64_t kMaxQuantity = 1'000'000;

bool is_null(JsonView value) { return value.absent() || value.is_null(); }

// PostgreSQL's texts can't hold a NUL.
bool is_identifier(JsonView value) {
  const auto text = value.text();
  return text && !text->empty() && text->size() <= kMaxText &&
         text->find('\0') == std::string_view::npos;
}

std::string request_id_of(JsonView value) {
  if (!is_identifier(value)) {
    throw BadRequest("'request_id' must be a text of 1 to " + std::to_string(kMaxText) + " bytes");
  }
  return std::string(*value.text());
}

std::string user_id_of(JsonView value) {
  if (value.is_whole()) return value.written() == "-0" ? "0" : std::string(value.written());
  if (!is_identifier(value)) {
    throw BadRequest("'user_id' must be a whole number or a text of 1 to " +
                     std::to_string(kMaxText) + " bytes");
  }
  return std::string(*value.text());
}

Cents amount_of(JsonView value, const char* name) {
  const auto cents = cents_of(value);
  if (!cents) {
    throw BadRequest("'" + std::string(name) +
                     "' must be above 0 and below 1000000000, with at most two decimals");
  }
  return *cents;
}

std::string currency_of(JsonView value) {
  if (is_null(value)) return "USD";
  const auto text = value.text();
  const auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
  if (!text || text->size() != 3 || !std::all_of(text->begin(), text->end(), is_letter)) {
    throw BadRequest("'currency' must be three letters");
  }
  std::string upper(*text);
  for (char& c : upper) c = static_cast<char>(c & ~0x20);
  return upper;
}

struct Items {
  int64_t count = 0;
  Cents total = 0;
};

Items read_items(JsonView items) {
  Items sum;
  if (is_null(items)) return sum;
  if (!items.is_array() || items.size() == 0 || items.size() > kMaxItems) {
    throw BadRequest("'items' must be a list of 1 to " + std::to_string(kMaxItems) + " items");
  }
  for (const JsonView item : items.elements()) {
    const auto [sku, quantity, price] = item.pick({"sku", "quantity", "price"});
    if (!is_identifier(sku)) {
      throw BadRequest("an item needs 'sku': a text of 1 to " + std::to_string(kMaxText) +
                       " bytes");
    }
    const auto count = quantity.whole();
    if (!count || *count < 1 || *count > kMaxQuantity) {
      throw BadRequest("'quantity' must be a whole number from 1 to " +
                       std::to_string(kMaxQuantity));
    }
    // At most 1,000 times 10^6 times 10^11: a sum above the limit is found before it overflows.
    sum.count += *count;
    sum.total += *count * amount_of(price, "price");
    if (sum.total > kMaxCents) throw BadRequest("the items' sum is too large");
  }
  return sum;
}

}  // namespace

std::string written(std::chrono::milliseconds since_1970) {
  std::string text;
  kiln::sdk::append_timestamp(text, since_1970.count());
  return text;
}

Payment read_payment(JsonView event) {
  const auto [request_id, user_id, amount, currency] =
      event.pick({"request_id", "user_id", "amount", "currency"});
  return {.request_id = request_id_of(request_id),
          .user_id = user_id_of(user_id),
          .amount = amount_of(amount, "amount"),
          .currency = currency_of(currency)};
}

Order enrich_order(JsonView order, const kiln::ProcessedRecord& customer,
                   const std::string& request_id, const std::string& priority) {
  const auto [own_id, user_id, item_list, amount, currency] =
      order.pick({"request_id", "user_id", "items", "amount", "currency"});
  const Items items = read_items(item_list);
  Order out;
  out.request_id = is_null(own_id) ? request_id : request_id_of(own_id);
  out.user_id = user_id_of(user_id);
  const bool only_items = items.count > 0 && is_null(amount);
  out.amount = only_items ? items.total : amount_of(amount, "amount");
  if (items.count > 0 && out.amount != items.total) {
    throw BadRequest("'amount' is " + to_amount(out.amount).dump() + ", but the items' sum is " +
                     to_amount(items.total).dump());
  }
  out.currency = currency_of(currency);
  out.item_count = items.count;
  if (!customer.name.empty() || !customer.email.empty()) {
    if (customer.name.find('\0') != std::string::npos ||
        customer.email.find('\0') != std::string::npos) {
      throw BadRequest("'name' and 'email' must not hold a NUL");
    }
    out.customer_name = customer.name;
    out.customer_email = customer.email;
    out.customer_status = kiln::name_of(customer.status);
  }
  out.priority = priority;
  out.received_at = std::chrono::duration_cast<std::chrono::milliseconds>(
      customer.processed_at.time_since_epoch());
  return out;
}

void add_members(kiln::sdk::JsonObject& out, const Order& order) {
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
  out.add("received_at", written(order.received_at));
}

}  // namespace orders
