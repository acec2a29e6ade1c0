#include "cache.h"
#include "kiln/redis.h"

namespace optimized_cold_start {
namespace {

class RedisCache final : public Cache {
 public:
  explicit RedisCache(const Config& config)
      : client_({.host = config.redis_host,
                 .port = static_cast<uint16_t>(config.redis_port),
                 .max_connections = 10}) {}

  std::optional<std::string> get(const std::string& key) override { return client_.get(key); }

  void set(const std::string& key, const std::string& value, std::chrono::seconds ttl) override {
    client_.set(key, value, ttl);
  }

 private:
  kiln::redis::Client client_;
};

}  // namespace

std::unique_ptr<Cache> open_redis(const Config& config) {
  return std::make_unique<RedisCache>(config);
}

}  // namespace optimized_cold_start
