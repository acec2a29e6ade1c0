// optimized_cold_start: one function that shows what makes a cold start short and a warm one
// shorter.
//
//   - Made in init, once per execution environment: compiled patterns, configuration.
//   - Opened at first use and kept: the database's and the cache's connections. An invocation that
//     needs neither pays for neither, not even for loading the client library.
//
//   {"action":"validate_user","data":{"name","email","phone"}}
//       → {"email_valid","phone_valid","required_fields_present","overall_valid"}
//   {"action":"process_order","data":{"user_id","amount"}}
//       → {"order_id","status":"created","amount"}
//   {"action":"fetch_data","key"}
//       → {"data":{"id","value","timestamp"} or null,"source","cache_hit"}
//       source: cache, database, or database_fallback when the cache is down
//
// Every answer is {"statusCode","body"}, body being JSON text:
// {"success":true,"result","metadata":{"cold_start","request_count",
// "processing_time_seconds","remaining_time_ms"}}. An unknown action is 200 with {"error"} as its
// result; a request that lacks what its action needs is 400, a failure 500, both
// {"success":false,"error"}. A database that is slow or silent is a failure before the function's
// time is up.
//
// None of the actions touches S3, so there is no S3 client here: a client that nobody uses is the
// cheapest.
//
// Threading: one invocation at a time, as Lambda has it. Ownership: owns its connections. Cost:
// init about 0.1 ms, all of it the patterns.
#pragma once

#include <re2/re2.h>

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "cache.h"
#include "config.h"
#include "database.h"
#include "kiln/context.h"
#include "kiln/json_view.h"
#include "kiln/lazy.h"

namespace optimized_cold_start {

class Handler {
 public:
  explicit Handler(Config config);

  // Returns JSON text. Never throws for what an event can hold or a backend can do.
  std::string handle(kiln::JsonView event, const kiln::Context& context);

 private:
  // The actions' results, as JSON text where it is made without a tree.
  std::string route(kiln::JsonView event);
  std::string validate_user(kiln::JsonView event) const;
  nlohmann::json process_order(kiln::JsonView event);
  nlohmann::json fetch_data(kiln::JsonView event);
  nlohmann::json fetch_from_database(const std::string& key);

  const Config config_;
  const RE2 email_pattern_;
  const RE2 phone_pattern_;
  std::chrono::milliseconds budget_{0};  // of the request that opens database or cache
  kiln::Lazy<Database> database_;
  kiln::Lazy<Cache> cache_;
  uint64_t request_count_ = 0;
};

}  // namespace optimized_cold_start
