#include "order.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>

#include "config.h"
#include "request.h"

namespace orders {
namespace {

using nlohmann::json;

TEST(Money, TwoDecimalsAndNoMore) {
  const std::pair<const char*, Cents> good[] = {{"1", 100},      {"12.5", 1250},
                                                {"12.50", 1250}, {"0.01", 1},
                                                {"007", 700},    {"999999999.99", kMaxCents}};
  for (const auto& [text, cents] : good) EXPECT_EQ(parse_cents(text), cents) << text;
  for (const char* bad : {"", "0", "0.00", "-1", "+1", "1.", ".5", "1.234", "1e2", "1,5", " 1",
                          "1 ", "1000000000", "0x1", "NaN", "1.2.3"}) {
    EXPECT_EQ(parse_cents(bad), std::nullopt) << bad;
  }
}

// The functions under test, of what a tree's text says.
std::optional<Cents> cents_of_json(const json& value) {
  const std::string text = value.dump();
  return orders::cents_of(kiln::JsonDocument(text).root());
}
Payment payment_of_json(const json& event) {
  const std::string text = event.dump();
  return orders::read_payment(kiln::JsonDocument(text).root());
}

json tree_of(const Order& order) {
  kiln::sdk::JsonObject object;
  add_members(object, order);
  return json::parse(object.text());
}

TEST(Money, OfJson) {
  EXPECT_EQ(cents_of_json(12.5), 1250);
  EXPECT_EQ(cents_of_json(0.29), 29);
  EXPECT_EQ(cents_of_json(999999999.99), kMaxCents);
  EXPECT_EQ(cents_of_json(7), 700);
  EXPECT_EQ(cents_of_json("7.10"), 710);
  for (const json& bad : {json(0.1 + 0.2), json(1e300), json(-1), json(0), json(), json(true),
                          json::array(), json(1e9), json(uint64_t{1} << 63)}) {
    EXPECT_EQ(cents_of_json(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(to_amount(1250).dump(), "12.5");
  EXPECT_EQ(to_amount(100).dump(), "1");
  EXPECT_EQ(to_amount(29).dump(), "0.29");
}

TEST(Money, OfNumbersIsThatOfTheirShortestForm) {
  std::mt19937_64 random(17);
  for (int round = 0; round < 20000; ++round) {
    const auto cents = static_cast<Cents>(random() % (kMaxCents >> random() % 36) + 1);
    const std::string text = std::to_string(cents / 100) + '.' + std::to_string(cents / 10 % 10) +
                             std::to_string(cents % 10);
    const double number = std::stod(text);
    EXPECT_EQ(cents_of_json(number), cents) << text;
    EXPECT_EQ(cents_of_json(std::nextafter(number, 0)), std::nullopt) << text;
    EXPECT_EQ(cents_of_json(std::nextafter(number, 2e9)), std::nullopt) << text;
    EXPECT_EQ(cents_of_json(std::stod(text + "5")), std::nullopt) << text;
    EXPECT_EQ(cents_of_json(-number), std::nullopt) << text;
  }
  for (const auto& [text, cents] : {std::pair("12.50", 1250),
                                    {"12.500", 1250},
                                    {"1.25e1", 1250},
                                    {"1e2", 10000},
                                    {"12.0", 1200}}) {
    EXPECT_EQ(orders::cents_of(kiln::JsonDocument(text).root()), cents) << text;
  }
  EXPECT_EQ(cents_of_json(0.001), std::nullopt);
  EXPECT_EQ(cents_of_json(0.009), std::nullopt);
  EXPECT_EQ(cents_of_json(999'999'999), 99'999'999'900);
  EXPECT_EQ(cents_of_json(1'000'000'000), std::nullopt);
  EXPECT_EQ(cents_of_json(int64_t{-5}), std::nullopt);
}

const json kPayment = {{"request_id", "r"}, {"user_id", "u"}, {"amount", 12.5}};

json with(json object, const char* name, const json& value) {
  object[name] = value;
  return object;
}

TEST(Payment, IsReadAsItIs) {
  const Payment payment = payment_of_json(kPayment);
  EXPECT_EQ(payment.request_id, "r");
  EXPECT_EQ(payment.user_id, "u");
  EXPECT_EQ(payment.amount, 1250);
  EXPECT_EQ(payment.currency, "USD");
  EXPECT_EQ(payment_of_json(with(kPayment, "user_id", 7)).user_id, "7");
  EXPECT_EQ(payment_of_json(with(kPayment, "user_id", -7)).user_id, "-7");
  EXPECT_EQ(payment_of_json(with(kPayment, "user_id", uint64_t{1} << 63)).user_id,
            "9223372036854775808");
  EXPECT_EQ(orders::read_payment(
                kiln::JsonDocument(R"({"request_id":"r","user_id":-0,"amount":1})").root())
                .user_id,
            "0");
  EXPECT_EQ(payment_of_json(with(kPayment, "currency", "eur")).currency, "EUR");
}

TEST(Payment, LimitsOnBothSides) {
  for (const char* name : {"request_id", "user_id"}) {
    EXPECT_NO_THROW(payment_of_json(with(kPayment, name, std::string(128, 'x'))));
    for (const json& bad : {json(std::string(129, 'x')), json(""), json(), json(1.5), json::array(),
                            json(std::string("a\0b", 3))}) {
      EXPECT_THROW(payment_of_json(with(kPayment, name, bad)), BadRequest) << name << bad;
    }
  }
  EXPECT_THROW(payment_of_json(with(kPayment, "request_id", 7)), BadRequest);
  for (const json& bad : {json(0), json(-5), json("x"), json(1.005)}) {
    EXPECT_THROW(payment_of_json(with(kPayment, "amount", bad)), BadRequest) << bad;
  }
  for (const json& bad : {json("EU"), json("EURO"), json("E R"), json(7), json("")}) {
    EXPECT_THROW(payment_of_json(with(kPayment, "currency", bad)), BadRequest) << bad;
  }
}

Order enriched(const json& order) {
  const auto time =
      std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));
  const std::string text = order.dump();
  const kiln::JsonDocument document(text);
  return enrich_order(document.root(), kiln::process_record(document.root(), time), "given",
                      "BATCH");
}

TEST(Order, IsEnriched) {
  const Order order = enriched({{"user_id", "u"},
                                {"items",
                                 {{{"sku", "a"}, {"quantity", 2}, {"price", 1.25}},
                                  {{"sku", "b"}, {"quantity", 1}, {"price", "10"}}}},
                                {"name", "  ada lovelace "},
                                {"email", "Ada@Example.COM"}});
  EXPECT_EQ(tree_of(order), (json{{"request_id", "given"},
                                  {"user_id", "u"},
                                  {"amount", 12.5},
                                  {"currency", "USD"},
                                  {"item_count", 3},
                                  {"customer",
                                   {{"name", "Ada Lovelace"},
                                    {"email", "ada@example.com"},
                                    {"validation_status", "valid"}}},
                                  {"priority", "BATCH"},
                                  {"received_at", "2023-11-14T22:13:20.123Z"}}));
}

TEST(Order, WithoutCustomerAndItems) {
  const Order order = enriched({{"request_id", "own"}, {"user_id", 5}, {"amount", 3}});
  EXPECT_EQ(order.request_id, "own");
  EXPECT_EQ(order.item_count, 0);
  EXPECT_EQ(tree_of(order)["customer"], nullptr);
  EXPECT_EQ(enriched({{"user_id", 5}, {"amount", 3}, {"name", "x"}}).customer_status,
            "invalid_email");
}

TEST(Order, ItemsMustAgreeWithTheAmount) {
  const json items = {{{"sku", "a"}, {"quantity", 2}, {"price", 1.25}}};
  EXPECT_EQ(enriched({{"user_id", 5}, {"amount", 2.5}, {"items", items}}).amount, 250);
  EXPECT_THROW(enriched({{"user_id", 5}, {"amount", 2.51}, {"items", items}}), BadRequest);
}

TEST(Order, ItemsHaveLimitsOnBothSides) {
  const auto order = [](size_t items, int64_t quantity, const json& price) {
    const json item = {{"sku", "a"}, {"quantity", quantity}, {"price", price}};
    return json{{"user_id", 5}, {"items", std::vector<json>(items, item)}};
  };
  EXPECT_EQ(enriched(order(1000, 1, 1)).item_count, 1000);
  EXPECT_THROW(enriched(order(1001, 1, 1)), BadRequest);
  EXPECT_THROW(enriched(order(0, 1, 1)), BadRequest);
  EXPECT_EQ(enriched(order(1, 1'000'000, 1)).item_count, 1'000'000);
  EXPECT_THROW(enriched(order(1, 1'000'001, 1)), BadRequest);
  EXPECT_THROW(enriched(order(1, 0, 1)), BadRequest);
  EXPECT_EQ(enriched(order(1, 1, 999999999.99)).amount, kMaxCents);
  EXPECT_THROW(enriched(order(2, 1, 999999999.99)), BadRequest);
  EXPECT_THROW(enriched(order(1000, 1'000'000, 999999999.99)), BadRequest);
  for (const json& bad : {json(7), json::object(), json::array({7}), json::array({{{"sku", ""}}}),
                          json::array({{{"sku", "a"}, {"quantity", 1.5}, {"price", 1}}})}) {
    EXPECT_THROW(enriched({{"user_id", 5}, {"items", bad}}), BadRequest) << bad;
  }
}

TEST(OrdersConfig, ReadsTheEnvironment) {
  const auto read = [] { return Config::from_environment({.priority_level = "CRITICAL"}); };
  EXPECT_EQ(read().priority_level, "CRITICAL");
  EXPECT_EQ(read().max_processing_time, std::chrono::seconds(30));
  EXPECT_FALSE(read().has_postgres());
  ::setenv("PRIORITY_LEVEL", "GOLD", 1);
  ::setenv("PAYMENT_LIMIT", "99.50", 1);
  ::setenv("DB_HOST", "db", 1);
  EXPECT_EQ(read().priority_level, "GOLD");
  EXPECT_EQ(read().payment_limit, 9950);
  EXPECT_TRUE(read().has_postgres());
  for (const char* good : {"1", "900"}) {
    ::setenv("MAX_PROCESSING_TIME", good, 1);
    EXPECT_EQ(read().max_processing_time.count(), std::atoi(good));
  }
  for (const char* bad : {"0", "901", "x", "5s", "-1"}) {
    ::setenv("MAX_PROCESSING_TIME", bad, 1);
    EXPECT_THROW(read(), std::invalid_argument) << bad;
  }
  ::unsetenv("MAX_PROCESSING_TIME");
  ::setenv("PAYMENT_LIMIT", "much", 1);
  EXPECT_THROW(read(), std::invalid_argument);
  for (const char* name : {"PRIORITY_LEVEL", "PAYMENT_LIMIT", "DB_HOST"}) ::unsetenv(name);
}

}  // namespace
}  // namespace orders
