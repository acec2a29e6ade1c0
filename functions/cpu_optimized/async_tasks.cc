#include "async_tasks.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace cpu_optimized {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
namespace postgres = kiln::postgres;
namespace tasks = kiln::tasks;

constexpr size_t kThreads = 16;
constexpr size_t kMaxRows = 10'000;
constexpr size_t kMaxRead = size_t{4} << 20;       // an answer has 6 MB
constexpr size_t kMaxErrorPage = size_t{1} << 20;  // the body of an answer that is not 2xx

const std::string& text_of(const json& task, const char* name) {
  const auto found = task.find(name);
  const auto* text = found == task.end() ? nullptr : found->get_ptr<const std::string*>();
  if (!text || text->empty()) {
    throw std::invalid_argument("'" + std::string(name) + "' must be a text that is not empty");
  }
  return *text;
}

milliseconds timeout_of(const json& task, milliseconds limit) {
  const auto found = task.find("timeout");
  if (found == task.end()) return std::min(tasks::kDefaultTimeout, limit);
  if (!found->is_number() || !(found->get<double>() > 0)) {
    throw std::invalid_argument("'timeout' must be a number of seconds above 0");
  }
  const double wanted_ms = found->get<double>() * 1000;
  if (wanted_ms >= static_cast<double>(limit.count())) return limit;
  return std::max(milliseconds(1), milliseconds(static_cast<int64_t>(wanted_ms)));
}

tasks::Task http_request(const json& task, milliseconds timeout) {
  const std::string& url = text_of(task, "url");
  kiln::http::Request request{.url = url, .redirects = kiln::http::Redirects::kFollow};
  request.max_body = kMaxErrorPage;
  request.sink = [](std::string_view) { return true; };
  return tasks::http(std::move(request), timeout,
                     [url](const kiln::http::Response& response) -> json {
                       return {{"task_type", "http_request"},
                               {"url", url},
                               {"status_code", response.status},
                               {"response_size", response.body_size}};
                     });
}

tasks::Task file_operation(const json& task, milliseconds timeout) {
  using Kind = tasks::FileOperation::Kind;
  const std::string& name = text_of(task, "operation");
  tasks::FileOperation operation{
      .kind = Kind::kRead, .path = text_of(task, "file_path"), .max_read = kMaxRead};
  if (name == "write" || name == "append") {
    operation.kind = name == "write" ? Kind::kWrite : Kind::kAppend;
    const auto content = task.find("content");
    const auto* text = content == task.end() ? nullptr : content->get_ptr<const std::string*>();
    if (!text) throw std::invalid_argument("'content' must be a text");
    operation.content = *text;
  } else if (name == "stat") {
    operation.kind = Kind::kStat;
  } else if (name != "read") {
    throw std::invalid_argument("unknown operation '" + name +
                                "': it is read, write, append or stat");
  }
  return tasks::call(
      [operation = std::move(operation), name] {
        json result = tasks::run(operation);
        result["task_type"] = "file_operation";
        result["operation"] = name;
        result["file_path"] = operation.path;
        result["status"] = "completed";
        return result;
      },
      timeout);
}

// The rows come as JSON text, made and measured by the server: so columns keep their types, and no
// more than the limit crosses the network.
std::string as_json(std::string_view query) {
  while (!query.empty() && (query.back() == ';' || query.back() == ' ' || query.back() == '\n')) {
    query.remove_suffix(1);
  }
  return "SELECT count(*) AS count, CASE WHEN coalesce(sum(octet_length(line)), 0) <= " +
         std::to_string(kMaxRead) +
         " THEN '[' || coalesce(string_agg(line, ','), '') || ']' END AS lines FROM ("
         "SELECT row_to_json(result)::text AS line FROM (" +
         std::string(query) + "\n) AS result LIMIT " + std::to_string(kMaxRows + 1) + ") AS lines";
}

json rows_of(postgres::Database& database, const std::string& query) {
  const postgres::Rows rows = database.query(as_json(query));
  const auto count = rows[0].get<size_t>("count");
  if (count > kMaxRows) {
    throw std::invalid_argument("the query yields more than " + std::to_string(kMaxRows) +
                                " rows; add a LIMIT");
  }
  const auto lines = rows[0].get<std::optional<std::string_view>>("lines");
  if (!lines) {
    throw std::invalid_argument("the query's rows have more than " + std::to_string(kMaxRead) +
                                " bytes as JSON; ask for less");
  }
  return {{"task_type", "database_query"},
          {"query", query},
          {"result_count", count},
          {"rows", json::parse(*lines)}};
}

postgres::Options options_of(const Config& config) {
  const std::chrono::seconds timeout(config.timeout_seconds);
  return {.url = config.database_url,
          .host = config.db_host,
          .database = config.db_name,
          .user = config.db_user,
          .password = config.db_password,
          .application_name = "cpu_optimized",
          .max_connections = kThreads,
          .connect_timeout = std::min<milliseconds>(timeout, std::chrono::seconds(5)),
          .checkout_timeout = timeout,
          .statement_timeout = timeout};
}

}  // namespace

AsyncTasks::AsyncTasks(const Config& config) {
  if (!config.has_database()) return;
  database_ = std::make_shared<Database>(
      [options = options_of(config)] { return std::make_unique<postgres::Database>(options); });
}

tasks::Task AsyncTasks::database_query(const json& task, milliseconds timeout) const {
  const std::string& query = text_of(task, "query");
  if (query.find('\0') != std::string::npos) {
    throw std::invalid_argument("'query' must not hold a NUL");
  }
  if (!database_) {
    throw std::invalid_argument("no database is configured: set DATABASE_URL or DB_HOST");
  }
  return tasks::call([database = database_, query] { return rows_of(database->get(), query); },
                     timeout);
}

tasks::Task AsyncTasks::make(const json& task, milliseconds limit) const {
  if (!task.is_object()) throw std::invalid_argument("a task must be an object");
  const std::string& type = text_of(task, "type");
  const milliseconds timeout = timeout_of(task, limit);
  if (type == "http_request") return http_request(task, timeout);
  if (type == "database_query") return database_query(task, timeout);
  if (type == "file_operation") return file_operation(task, timeout);
  throw std::invalid_argument("unknown task type '" + type +
                              "': it is http_request, database_query or file_operation");
}

json AsyncTasks::run(const json& tasks, milliseconds limit) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::string> errors(tasks.size());
  std::vector<tasks::Task> made;
  std::vector<size_t> places;  // of what was made, among all tasks
  for (size_t i = 0; i < tasks.size(); ++i) {
    try {
      made.push_back(make(tasks[i], limit));
      places.push_back(i);
    } catch (const std::invalid_argument& e) {
      errors[i] = e.what();
    }
  }
  kiln::tasks::Results results = kiln::tasks::run_all(std::move(made), http_, kThreads);
  json successful = json::array();
  for (size_t i = 0; i < places.size(); ++i) {
    if (!results.values[i]) continue;
    successful.push_back(std::move(*results.values[i]));
    successful.back()["task_index"] = places[i];
  }
  for (kiln::tasks::Failure& failure : results.errors) {
    errors[places[failure.index]] = std::move(failure.error);
  }
  json failed = json::array();
  for (size_t i = 0; i < errors.size(); ++i) {
    if (!errors[i].empty()) {
      failed.push_back({{"task_index", i}, {"error", std::move(errors[i])}});
    }
  }
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  return {{"successful_results", std::move(successful)},
          {"errors", std::move(failed)},
          {"total_tasks", tasks.size()},
          {"processing_time", taken.count()}};
}

}  // namespace cpu_optimized
