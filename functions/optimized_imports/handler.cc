#include "handler.h"

#include <charconv>
#include <optional>
#include <set>

#include "bad_request.h"
#include "data_analysis.h"
#include "kiln/log.h"
#include "kiln/tasks.h"
#include "sdk/core/json_reader.h"
#include "sdk/core/text.h"

namespace optimized_imports {
namespace {

using kiln::sdk::JsonError;
using kiln::sdk::JsonReader;
using nlohmann::json;
using std::chrono::milliseconds;
using Kind = JsonReader::Kind;

constexpr char kUserAgent[] = "OptimizedLambda/1.0";
constexpr int64_t kDefaultCalculation = 1000;

std::string answer(int status_code, const json& body) {
  const std::string text = body.dump(-1, ' ', false, json::error_handler_t::replace);
  std::string out = R"({"statusCode":)" + std::to_string(status_code) + R"(,"body":)";
  kiln::sdk::append_json_string(out, text);
  out += '}';
  return out;
}

std::string timestamp(std::chrono::system_clock::time_point time) {
  std::string out;
  kiln::sdk::append_timestamp(
      out, std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count());
  return out;
}

int64_t expensive_calculation(int64_t n) {
  int64_t result = 0;
  for (int64_t i = 0; i < n; ++i) result += i * i;
  return result;
}

milliseconds time_left(const kiln::Context& context) {
  return std::max(context.remaining_time() - Handler::kReserve, milliseconds(0));
}

json failed(const std::string& error) { return {{"success", false}, {"error", error}}; }

std::string bad_request(const std::exception& e) {
  kiln::log::warn("bad request", {{"error", e.what()}});
  return answer(400, failed(e.what()));
}

}  // namespace

// The parts of an event, where they lie in it; empty when they are absent.
struct Handler::Request {
  std::string action = "data_analysis";
  std::optional<DataAnalysis> analysis;
  std::string_view urls;
  std::string_view operations;
  std::string_view n;
};

Handler::Handler(std::string env)
    : env_(std::move(env)), http_([] {
        return std::make_unique<kiln::http::Client>(
            kiln::http::ClientOptions{.user_agent = kUserAgent});
      }) {}

std::string Handler::handle(std::string_view event, const kiln::Context& context) {
  const auto start = std::chrono::steady_clock::now();
  const auto now = std::chrono::system_clock::now();
  kiln::log::info("request", {{"event_bytes", event.size()},
                              {"memory_limit_mb", context.memory_limit_mb},
                              {"remaining_time_ms", context.remaining_time().count()}});
  try {
    Request request = read_request(event);
    const json result = route(request, context);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    return answer(200, {{"result", result},
                        {"processing_time", taken.count()},
                        {"timestamp", timestamp(now)},
                        {"function_memory", context.memory_limit_mb},
                        {"remaining_time_ms", context.remaining_time().count()}});
  } catch (const BadRequest& e) {
    return bad_request(e);
  } catch (const JsonError& e) {
    return bad_request(e);
  } catch (const std::exception& e) {
    kiln::log::error("request failed", {{"error", e.what()}});
    return answer(500, failed(e.what()));
  }
}

// Records are analysed as they pass by: they may be most of a big event, and are read once.
Handler::Request Handler::read_request(std::string_view event) {
  Request request;
  JsonReader reader(event.empty() ? "{}" : event);
  if (reader.peek() != Kind::kObject) throw BadRequest("the event must be a JSON object");
  const auto records = [&] {
    request.analysis.emplace(event);
    request.analysis->read(reader);
  };
  reader.object([&](std::string_view key) {
    if (key == "action") {
      if (reader.peek() != Kind::kString) throw BadRequest("'action' must be a text");
      request.action = reader.string();
    } else if (key == "records") {
      records();
    } else if (key == "data" && reader.peek() == Kind::kObject) {
      reader.object([&](std::string_view inner) {
        if (inner == "records") {
          records();
        } else {
          reader.skip();
        }
      });
    } else {
      std::string_view* const part = key == "urls"         ? &request.urls
                                     : key == "operations" ? &request.operations
                                     : key == "n"          ? &request.n
                                                           : nullptr;
      const std::string_view value = reader.skip();
      if (part) *part = value;
    }
  });
  reader.end();
  return request;
}

json Handler::route(Request& request, const kiln::Context& context) {
  if (request.action == "data_analysis") {
    if (!request.analysis || !request.analysis->found_records()) {
      throw BadRequest("data_analysis needs 'records': a list of objects");
    }
    const DataAnalysis& analysis = *request.analysis;
    if (analysis.skipped_records() + analysis.skipped_values() > 0) {
      kiln::log::warn(
          "records or values that can't be analysed are skipped",
          {{"records", analysis.skipped_records()}, {"values", analysis.skipped_values()}});
    }
    if (analysis.rows() == 0) return failed("No data provided");
    return {{"success", true}, {"analysis", analysis.to_json()}};
  }
  if (request.action == "http_requests") return http_requests(request.urls, context);
  if (request.action == "file_operations") return file_operations(request.operations, context);
  if (request.action == "cached_calculation") return cached_calculation(request.n);
  throw BadRequest("Unknown action: " + request.action);
}

Configuration Handler::configuration() {
  return configurations_.get(env_, [this] { return load_configuration(env_); }).value;
}

json Handler::http_requests(std::string_view text, const kiln::Context& context) {
  const json urls = json::parse(text.empty() ? "[]" : text);
  if (!urls.is_array()) throw BadRequest("http_requests needs 'urls': a list of texts");
  if (urls.size() > kMaxUrls) {
    throw BadRequest(std::to_string(urls.size()) + " URLs are too many; " +
                     std::to_string(kMaxUrls) + " are the most");
  }
  const milliseconds timeout = configuration().timeout;
  std::vector<kiln::tasks::Task> tasks;
  json results = json::array();
  std::vector<size_t> asked;  // the result of each task
  for (const json& url : urls) {
    results.push_back({{"url", url}});
    if (!url.is_string()) {
      results.back()["error"] = "a URL must be a text";
      continue;
    }
    asked.push_back(results.size() - 1);
    tasks.push_back(kiln::tasks::http(
        {.url = url.get<std::string>(),
         .timeout = timeout,
         .redirects = kiln::http::Redirects::kFollow,
         .sink = [](std::string_view) { return true; }},
        time_left(context), [](const kiln::http::Response& response) -> json {
          return {{"status_code", response.status},
                  {"response_time", std::chrono::duration<double>(response.duration).count()},
                  {"content_length", response.body_size}};
        }));
  }
  if (!tasks.empty()) {
    auto outcomes = kiln::tasks::run_all(std::move(tasks), *http_);
    for (size_t i = 0; i < asked.size(); ++i) {
      if (outcomes.values[i]) results[asked[i]].update(*outcomes.values[i]);
    }
    for (const auto& [index, error] : outcomes.errors) {
      results[asked[index]]["error"] = error;
      kiln::log::warn(
          "a request failed",
          {{"url", urls[asked[index]].get_ref<const std::string&>()}, {"error", error}});
    }
  }
  return {{"success", true}, {"results", std::move(results)}, {"total_requests", urls.size()}};
}

json Handler::file_operations(std::string_view text, const kiln::Context& context) {
  auto operations = read_operations(text.empty() ? "[]" : text);
  if (!file_operations_) file_operations_ = std::make_shared<FileOperations>(configuration());
  json results = json::array();
  for (FileOperation& operation : operations) {
    json summary = operation.summary();
    // On a thread of its own, since a service that is silent would take all of the function's time.
    auto outcomes = kiln::tasks::run_all(
        {kiln::tasks::call(
            [all = file_operations_, operation = std::make_shared<FileOperation>(
                                         std::move(operation))] { return all->run(*operation); },
            time_left(context))},
        *http_, 1);
    json result;
    if (outcomes.values[0]) {
      result = *std::move(outcomes.values[0]);
    } else {
      const std::string& error = outcomes.errors[0].error;
      kiln::log::warn("an operation failed",
                      {{"type", summary["type"].get_ref<const std::string&>()}, {"error", error}});
      result = failed(error);
    }
    results.push_back({{"operation", std::move(summary)}, {"result", std::move(result)}});
  }
  return {
      {"success", true}, {"results", std::move(results)}, {"total_operations", operations.size()}};
}

json Handler::cached_calculation(std::string_view text) {
  int64_t n = kDefaultCalculation;
  if (!text.empty()) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || end != text.data() + text.size() || n < 0 || n > kMaxCalculation) {
      throw BadRequest("'n' must be a whole number from 0 to " + std::to_string(kMaxCalculation));
    }
  }
  const auto [result, cached] = calculations_.get(n, [n] { return expensive_calculation(n); });
  return {{"success", true}, {"input", n}, {"result", result}, {"cached", cached}};
}

}  // namespace optimized_imports
