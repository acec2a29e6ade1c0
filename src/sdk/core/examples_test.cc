// The examples in the public headers, compiled and run. A header whose example changes changes this
// file too.
#include <gtest/gtest.h>
#include <kiln/batch.h>
#include <kiln/batch_processor.h>
#include <kiln/context.h>
#include <kiln/json_handler.h>
#include <kiln/json_scan.h>
#include <kiln/json_view.h>
#include <kiln/lazy.h>
#include <kiln/log.h>
#include <kiln/memo.h>
#include <kiln/memory_profiler.h>
#include <kiln/metrics.h>
#include <kiln/middleware.h>
#include <kiln/parallel.h>
#include <kiln/pool.h>
#include <kiln/run.h>
#include <kiln/snapshot.h>

#include "sdk/core/snapshot.h"

namespace {

// context.h
std::string handle(std::string_view payload, const kiln::Context& context) {
  if (context.remaining_time() < std::chrono::milliseconds(200)) return R"({"left_undone":true})";
  kiln::log::info("working", {{"memory_mb", context.memory_limit_mb}});
  return std::string(payload);
}

// run.h and json_handler.h: their main() functions, under other names.
int main_of_run() {
  return kiln::run([](std::string_view payload, const kiln::Context& context) {
    (void)context;
    return std::string(payload);
  });
}

int main_of_json() {
  return kiln::run([](const nlohmann::json& event, const kiln::Context&) -> nlohmann::json {
    return {{"hello", event.value("name", "world")}};
  });
}

int main_of_views() {
  return kiln::run([](kiln::JsonView event, const kiln::Context&) -> std::string {
    return event["name"].text() ? "true" : "false";
  });
}

int main_of_factories() {
  // A handler that can't be copied, as one that owns a connection is.
  const int plain = kiln::run([] {
    return [owned = std::make_unique<int>(1)](std::string_view, const kiln::Context&) {
      return std::to_string(*owned);
    };
  });
  return plain + kiln::run([] {
           return [](const nlohmann::json& event, const kiln::Context&) -> nlohmann::json {
             return event;
           };
         }) +
         kiln::run([] {
           return [owned = std::make_unique<int>(1)](kiln::JsonView event,
                                                     const kiln::Context&) -> std::string {
             return std::string(event.written());
           };
         });
}

TEST(Examples, Context) {
  kiln::Context context;
  EXPECT_EQ(handle("{}", context), R"({"left_undone":true})");
  context.deadline = std::chrono::system_clock::now() + std::chrono::minutes(1);
  EXPECT_EQ(handle("{}", context), "{}");
}

TEST(Examples, RunEndsWithoutAPlatform) {
  ::unsetenv("AWS_LAMBDA_RUNTIME_API");
  EXPECT_EQ(main_of_run(), 1);
  EXPECT_EQ(main_of_json(), 1);
  EXPECT_EQ(main_of_views(), 1);
  EXPECT_EQ(main_of_factories(), 3);
}

TEST(Examples, JsonHandlers) {
  auto handler =
      kiln::json_handler([](const nlohmann::json& event, const kiln::Context&) -> nlohmann::json {
        return {{"hello", event.value("name", "world")}};
      });
  EXPECT_EQ(handler(R"({"name":"you"})", {}), R"({"hello":"you"})");
  EXPECT_EQ(handler("", {}), R"({"hello":"world"})");
  EXPECT_THROW(handler("{", {}), nlohmann::json::parse_error);
  auto bytes =
      kiln::json_handler([](const nlohmann::json&, const kiln::Context&) -> nlohmann::json {
        return std::string("a\xFF");
      });
  EXPECT_EQ(bytes("{}", {}), "\"a\xEF\xBF\xBD\"");
}

TEST(Examples, Log) {
  const int64_t id = 7;
  kiln::log::info("order stored", {{"order_id", id}, {"amount", 12.5}});
}

struct Database {
  explicit Database(std::string text) : connection_string(std::move(text)) {}
  std::string query(std::string_view text) { return connection_string + std::string(text); }
  std::string connection_string;
};
std::string connection_string() { return "db "; }

TEST(Examples, Lazy) {
  kiln::Lazy<Database> database([] { return std::make_unique<Database>(connection_string()); });
  EXPECT_EQ(database->query("q"), "db q");
}

struct Connection {
  static std::unique_ptr<Connection> open() { return std::make_unique<Connection>(); }
  bool usable() const { return true; }
  int execute(std::string_view) { return ++executed; }
  int executed = 0;
};

TEST(Examples, Pool) {
  kiln::Pool<Connection> pool(
      {.min = 1, .max = 20, .checkout_timeout = std::chrono::seconds(5)},
      [] { return Connection::open(); }, [](Connection& c) { return c.usable(); });
  auto connection = pool.checkout();
  EXPECT_EQ(connection->execute("q"), 1);
}

double expensive_calculation(int n) { return n * 0.5; }

TEST(Examples, Memo) {
  const int n = 3;
  kiln::Memo<int, double> memo(128);
  const auto [value, cached] = memo.get(n, [&] { return expensive_calculation(n); });
  EXPECT_EQ(value, 1.5);
  EXPECT_FALSE(cached);
}

TEST(Examples, Metrics) {
  const kiln::Context context;
  kiln::Metrics metrics("Shop");
  metrics.dimension("function_name", "orders");
  metrics.property("request_id", context.request_id);
  metrics.add("order_amount", 12.5);
  metrics.add("duration", 31.7, kiln::Unit::kMilliseconds);
  metrics.flush();
}

int main_of_middleware() {
  return kiln::run(
      kiln::with(handle, kiln::log_requests(), kiln::catch_errors(), kiln::measure("Shop")));
}

TEST(Examples, Middleware) {
  ::unsetenv("AWS_LAMBDA_RUNTIME_API");
  EXPECT_EQ(main_of_middleware(), 1);
  auto refuse_empty = [](auto& next, const auto& event, const kiln::Context& context) {
    return event.empty() ? decltype(next(event, context)){} : next(event, context);
  };
  EXPECT_EQ(kiln::with(handle, refuse_empty)("", {}), "");
}

void store(const nlohmann::json& order) {
  if (order.empty()) throw std::runtime_error("an empty order");
}

TEST(Examples, Batch) {
  kiln::Context context;
  context.deadline = std::chrono::system_clock::now() + std::chrono::minutes(1);
  const nlohmann::json event = {
      {"Records", {{{"messageId", "1"}, {"body", "{}"}}, {{"messageId", "2"}, {"body", "[1]"}}}}};
  const auto handler = [&] {
    return kiln::process_batch(event, context, [](const nlohmann::json& record) {
      store(nlohmann::json::parse(record.at("body").get<std::string>()));
    });
  };
  EXPECT_EQ(handler().dump(), R"({"batchItemFailures":[{"itemIdentifier":"1"}]})");
}

void store(int64_t id) {
  if (id == 0) throw std::runtime_error("no order");
}

TEST(Examples, BatchOfViews) {
  kiln::Context context;
  context.deadline = std::chrono::system_clock::now() + std::chrono::minutes(1);
  const kiln::JsonDocument document(
      R"({"Records":[{"messageId":"1","body":"{}"},{"messageId":"2","body":"{\"id\":2}"}]})");
  const auto handler = [&](kiln::JsonView event) {
    return kiln::process_batch(
               event, context,
               [](kiln::JsonView record) {
                 const kiln::JsonDocument body(record["body"].text().value());  // may throw
                 store(body.root()["id"].whole().value());
               })
        .json();
  };
  EXPECT_EQ(handler(document.root()), R"({"batchItemFailures":[{"itemIdentifier":"1"}]})");
}

TEST(Examples, JsonView) {
  kiln::JsonDocument document(R"({"user":"Ada","items":[{"price":1.5},{"price":2}]})");
  double sum = 0;
  for (const kiln::JsonView item : document.root()["items"].elements()) {
    sum += item["price"].number().value_or(0);
  }
  const auto [user, city] = document.root().pick({"user", "city"});
  EXPECT_EQ(sum, 3.5);
  EXPECT_EQ(user.text(), "Ada");
  EXPECT_TRUE(city.absent());
}

TEST(Examples, Parallel) {
  int used = 0;
  const auto use = [&](int value) { used += value; };
  const auto complain = [](const std::string& error) { ADD_FAILURE() << error; };
  const std::vector<int> numbers = {1, 2, 3};
  for (const auto& outcome : kiln::parallel::map(numbers, [](int n) { return n * n; },
                                                 {kiln::parallel::Mode::kThreads, 2})) {
    if (outcome.value) {
      use(*outcome.value);
    } else {
      complain(outcome.error);
    }
  }
  EXPECT_EQ(used, 14);
}

void load() {}

struct Session {
  void disconnect() { state += "d"; }
  void connect() { state += "c"; }
  std::string answer(std::string_view event) const { return state + std::string(event); }
  std::string state = "c";
};

TEST(Examples, Snapshot) {
  const auto database = std::make_shared<Session>();
  const auto init = [&] {
    kiln::before_checkpoint([database] { database->disconnect(); });
    kiln::after_restore([database] { database->connect(); });
    return [database](std::string_view event, const kiln::Context&) {
      return database->answer(event);
    };
  };
  static_assert(kiln::HandlerFactory<decltype(init)>);
  const auto handler = init();
  kiln::sdk::run_before_checkpoint();
  kiln::sdk::run_after_restore();
  EXPECT_EQ(handler("e", {}), "cdce");
}

TEST(Examples, MemoryProfiler) {
  kiln::MemoryProfiler profiler;
  profiler.start();
  load();
  profiler.snapshot("loaded");
  const nlohmann::json report = profiler.report();
  EXPECT_EQ(report["snapshots"][0]["label"], "loaded");
}

TEST(Examples, BatchProcessor) {
  std::vector<nlohmann::json> records(3, nlohmann::json::object());
  const auto next = [&]() -> std::optional<nlohmann::json> {
    if (records.empty()) return std::nullopt;
    auto record = std::move(records.back());
    records.pop_back();
    return record;
  };
  int stored = 0;
  const auto store = [&](const kiln::ProcessedRecord&) { ++stored; };
  kiln::MemoryProfiler profiler;
  profiler.start();
  kiln::DataProcessor processor({.memory_limit_mb = 512}, profiler,
                                [&](kiln::ProcessedRecord record) { store(record); });
  while (auto record = next()) processor.push(*record);
  processor.finish();
  EXPECT_EQ(stored, 3);
}

TEST(Examples, JsonScan) {
  const std::string_view event = R"({"action":"sum","data":[{"n":1},{"n":2}]})";
  int sum = 0;
  const auto process = [&](const nlohmann::json& record) { sum += record["n"].get<int>(); };
  std::string_view data;
  kiln::JsonMembers members(event);
  while (auto member = members.next()) {
    if (member->key == "data") data = member->value;
  }
  kiln::JsonElements records(data);
  while (auto record = records.next()) process(nlohmann::json::parse(*record));
  EXPECT_EQ(sum, 3);
}

}  // namespace
