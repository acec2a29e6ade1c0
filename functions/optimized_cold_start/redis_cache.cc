#include <hiredis/hiredis.h>

#include <string_view>

#include "cache.h"
#include "kiln/pool.h"

namespace optimized_cold_start {
namespace {

constexpr size_t kMaxConnections = 10;
constexpr timeval kConnectTimeout{0, 500'000};
constexpr timeval kCommandTimeout{1, 0};

using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

class Connection {
 public:
  explicit Connection(const Config& config)
      : context_(redisConnectWithTimeout(config.redis_host.c_str(), config.redis_port,
                                         kConnectTimeout)) {
    if (!context_ || context_->err) {
      const std::string problem = context_ ? context_->errstr : "out of memory";
      if (context_) redisFree(context_);
      throw CacheError("the cache at " + config.redis_host + ":" +
                       std::to_string(config.redis_port) + " can't be reached: " + problem);
    }
    redisSetTimeout(context_, kCommandTimeout);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { redisFree(context_); }

  bool usable() const { return context_->err == 0; }
  std::string problem() const { return context_->errstr; }

  // Null: the connection is broken.
  template <class... Arguments>
  Reply command(const char* format, Arguments... arguments) {
    return {static_cast<redisReply*>(redisCommand(context_, format, arguments...)),
            &freeReplyObject};
  }

 private:
  redisContext* context_;
};

class RedisCache final : public Cache {
 public:
  explicit RedisCache(const Config& config)
      : config_(config),
        pool_(
            {.min = 0, .max = kMaxConnections, .checkout_timeout = std::chrono::seconds(1)},
            [this] { return std::make_unique<Connection>(config_); },
            [](Connection& connection) { return connection.usable(); }) {}

  std::optional<std::string> get(const std::string& key) override {
    const Reply reply = command("GET %b", key.data(), key.size());
    if (reply->type == REDIS_REPLY_NIL) return std::nullopt;
    return std::string(reply->str, reply->len);
  }

  void set(const std::string& key, const std::string& value, std::chrono::seconds ttl) override {
    command("SETEX %b %lld %b", key.data(), key.size(), static_cast<long long>(ttl.count()),
            value.data(), value.size());
  }

 private:
  // Both commands may be done twice, so a connection that the server closed while it lay idle is
  // replaced once. All idle ones are as old as it: the replacement must be a new one.
  template <class... Arguments>
  Reply command(const char* format, Arguments... arguments) {
    std::string problem;
    for (size_t attempt = 0; attempt <= kMaxConnections; ++attempt) {
      auto connection = pool_.checkout();
      Reply reply = connection->command(format, arguments...);
      if (reply) {
        if (reply->type == REDIS_REPLY_ERROR) {
          throw CacheError("the cache refused: " + std::string(reply->str, reply->len));
        }
        return reply;
      }
      problem = connection->problem();
      connection.discard();
      if (problem.find("closed") == std::string::npos && problem.find("reset") == std::string::npos)
        break;
    }
    throw CacheError("the connection to the cache broke: " + problem);
  }

  const Config config_;
  kiln::Pool<Connection> pool_;
};

}  // namespace

std::unique_ptr<Cache> open_redis(const Config& config) {
  return std::make_unique<RedisCache>(config);
}

}  // namespace optimized_cold_start
