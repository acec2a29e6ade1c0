// Cache: texts by key, each with a time to live. Redis when it is configured, else one in the
// process.
//
// Threading: any thread. Ownership: owns its connections and texts. Errors: a std::exception when
// the cache is down; a cache is no source of truth, so a caller goes on without it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config.h"

namespace optimized_cold_start {

class Cache {
 public:
  virtual ~Cache() = default;
  virtual std::optional<std::string> get(const std::string& key) = 0;
  // REQUIRES: ttl > 0
  virtual void set(const std::string& key, const std::string& value, std::chrono::seconds ttl) = 0;
};

// Up to 10 connections, the first opened at the first use. Connecting may take half a second, a
// command one second, and neither more than a sixteenth of `budget`, the time of one invocation: a
// cache that is slower than that is of no use.
std::unique_ptr<Cache> open_redis(const Config& config, std::chrono::milliseconds budget);

// Holds 10,000 texts; then the one that was used longest ago goes. `now` is for tests.
using Now = std::function<std::chrono::steady_clock::time_point()>;
std::unique_ptr<Cache> make_memory_cache(Now now = std::chrono::steady_clock::now);

inline std::unique_ptr<Cache> open_cache(const Config& config, std::chrono::milliseconds budget) {
  return config.has_redis() ? open_redis(config, budget) : make_memory_cache();
}

}  // namespace optimized_cold_start
