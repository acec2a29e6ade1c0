#include "handler.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "kiln/json_handler.h"
#include "kiln/log.h"
#include "sdk/core/json_writer.h"

namespace optimized_cold_start {
namespace {

using kiln::JsonView;
using nlohmann::json;

constexpr std::chrono::milliseconds kReserve{300};  // kept for the answer

// The caller's mistake, as opposed to a failure of ours.
class BadRequest : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::string answer(int status_code, std::string_view body) {
  kiln::sdk::JsonWriter writer(2 * body.size() + 64);
  writer.begin_object();
  writer.member("body", body);
  writer.member("statusCode", status_code);
  writer.end_object();
  return writer.take();
}

std::string failure(int status_code, const char* error) {
  return answer(status_code, kiln::print_json({{"success", false}, {"error", error}}));
}

// Patterns are for ASCII; Latin-1 spares RE2 the UTF-8 automata, and it is right for bytes above
// 127 too: they never match.
RE2::Options pattern_options() {
  RE2::Options options(RE2::Latin1);
  options.set_never_capture(true);
  return options;
}

// The object under "data"; an absent one is like an empty one.
JsonView data_of(JsonView event) {
  const JsonView data = event["data"];
  if (data.absent() || data.is_null() || data.is_object()) return data;
  throw BadRequest("'data' must be an object");
}

// A text, or an empty one when there is none or it is something else.
std::string_view text_of(JsonView value) { return value.text().value_or(std::string_view()); }

// PostgreSQL's texts can't hold a NUL.
std::string checked(const char* what, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    throw BadRequest(std::string(what) + " must not hold a NUL");
  }
  return std::string(text);
}

}  // namespace

Handler::Handler(Config config)
    : config_(std::move(config)),
      email_pattern_(R"(^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$)", pattern_options()),
      phone_pattern_(R"(^\+?1?[0-9]{10,14}$)", pattern_options()),
      database_([this] { return open_database(config_, budget_); }),
      cache_([this] { return open_cache(config_, budget_); }) {}

std::string Handler::handle(JsonView event, const kiln::Context& context) {
  const auto start = std::chrono::steady_clock::now();
  const bool cold_start = ++request_count_ == 1;
  const auto remaining = context.remaining_time();
  budget_ = std::max(remaining - kReserve, std::chrono::milliseconds(0));
  kiln::log::info("request", {{"request_number", request_count_},
                              {"cold_start", cold_start},
                              {"memory_limit_mb", context.memory_limit_mb},
                              {"remaining_time_ms", remaining.count()}});
  try {
    if (!event.is_object()) throw BadRequest("the event must be a JSON object");
    const std::string result = route(event);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    kiln::sdk::JsonWriter writer(result.size() + 192);
    writer.begin_object();
    writer.key("metadata");
    writer.begin_object();
    writer.member("cold_start", cold_start);
    writer.member("processing_time_seconds", taken.count());
    writer.member("remaining_time_ms", context.remaining_time().count());
    writer.member("request_count", request_count_);
    writer.end_object();
    writer.key("result");
    writer.raw(result);
    writer.member("success", true);
    writer.end_object();
    return answer(200, writer.take());
  } catch (const BadRequest& e) {
    kiln::log::warn("bad request", {{"error", e.what()}});
    return failure(400, e.what());
  } catch (const std::exception& e) {
    kiln::log::error("request failed", {{"error", e.what()}});
    return failure(500, e.what());
  }
}

std::string Handler::route(JsonView event) {
  const JsonView given = event["action"];
  const std::string_view action = given.absent() ? "default" : text_of(given);
  if (action == "validate_user") return validate_user(event);
  if (action == "process_order") return kiln::print_json(process_order(event));
  if (action == "fetch_data") return kiln::print_json(fetch_data(event));
  const std::string name =
      given.absent() || given.text() ? std::string(action) : kiln::print_json(kiln::tree_of(given));
  return kiln::print_json({{"error", "Unknown action: " + name}});
}

std::string Handler::validate_user(JsonView event) const {
  const auto [name, email, phone] = data_of(event).pick({"name", "email", "phone"});
  const bool email_valid = RE2::FullMatch(text_of(email), email_pattern_);
  const bool phone_valid = RE2::FullMatch(text_of(phone), phone_pattern_);
  const bool required_fields_present = !text_of(name).empty() && !text_of(email).empty();
  kiln::sdk::JsonWriter writer(128);
  writer.begin_object();
  writer.member("email_valid", email_valid);
  writer.member("overall_valid", email_valid && phone_valid && required_fields_present);
  writer.member("phone_valid", phone_valid);
  writer.member("required_fields_present", required_fields_present);
  writer.end_object();
  return writer.take();
}

json Handler::process_order(JsonView event) {
  const auto [user_id, amount] = data_of(event).pick({"user_id", "amount"});
  if (!user_id.is_whole() && text_of(user_id).empty()) {
    throw BadRequest(
        "process_order needs data.user_id: a whole number or a text that is not empty");
  }
  if (!amount.is_number()) throw BadRequest("process_order needs data.amount: a number");
  const json amount_given = kiln::tree_of(amount);
  const Order order{user_id.is_whole() ? kiln::print_json(kiln::tree_of(user_id))
                                       : checked("data.user_id", text_of(user_id)),
                    kiln::print_json(amount_given)};
  const int64_t id = database_->insert_order(order);
  return {{"order_id", id}, {"status", "created"}, {"amount", amount_given}};
}

json Handler::fetch_data(JsonView event) {
  const std::string key = checked("'key'", text_of(event["key"]));
  if (key.empty()) throw BadRequest("fetch_data needs 'key': a text that is not empty");

  bool cache_up = true;
  try {
    if (const auto cached = cache_->get(key)) {
      // Another program may have put anything under this key: what is no JSON counts as not there.
      json data = json::parse(*cached, nullptr, false);
      if (!data.is_discarded()) return {{"data", data}, {"source", "cache"}, {"cache_hit", true}};
    }
  } catch (const std::exception& e) {
    cache_up = false;
    kiln::log::warn("the cache is down, the database answers", {{"error", e.what()}});
  }

  json data = fetch_from_database(key);
  // What does not exist is not cached: it would stay hidden for CACHE_TTL once it is there.
  if (cache_up && !data.is_null() && config_.cache_ttl > 0) {
    try {
      cache_->set(key, kiln::print_json(data), std::chrono::seconds(config_.cache_ttl));
    } catch (const std::exception& e) {
      cache_up = false;
      kiln::log::warn("the cache took nothing", {{"error", e.what()}});
    }
  }
  return {{"data", std::move(data)},
          {"source", cache_up ? "database" : "database_fallback"},
          {"cache_hit", false}};
}

json Handler::fetch_from_database(const std::string& key) {
  const auto item = database_->find_item(key);
  if (!item) return nullptr;
  return {{"id", item->id}, {"value", item->value}, {"timestamp", item->timestamp}};
}

}  // namespace optimized_cold_start
