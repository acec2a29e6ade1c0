#include "cache.h"

#include <algorithm>

#include "kiln/redis.h"

namespace optimized_cold_start {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLeast{10};

class RedisCache final : public Cache {
 public:
  RedisCache(const Config& config, milliseconds budget)
      : client_({.host = config.redis_host,
                 .port = static_cast<uint16_t>(config.redis_port),
                 .max_connections = 10,
                 .connect_timeout = std::clamp(budget / 16, kLeast, milliseconds(500)),
                 .command_timeout = std::clamp(budget / 16, kLeast, milliseconds(1000))}) {}

  std::optional<std::string> get(const std::string& key) override { return client_.get(key); }

  void set(const std::string& key, const std::string& value, std::chrono::seconds ttl) override {
    client_.set(key, value, ttl);
  }

 private:
  kiln::redis::Client client_;
};

}  // namespace

std::unique_ptr<Cache> open_redis(const Config& config, milliseconds budget) {
  return std::make_unique<RedisCache>(config, budget);
}

}  // namespace optimized_cold_start
