#include <array>

#include "kiln/pool.h"
#include "kiln/redis.h"
#include "sdk/clients/redis/connection.h"

namespace kiln::redis {
namespace {

enum class Repeat { kNever, kOnce };

}  // namespace

struct Client::Data {
  explicit Data(Options given)
      : options(std::move(given)),
        pool(
            {.min = 0,
             .max = options.max_connections,
             .checkout_timeout = options.checkout_timeout},
            [this] { return std::make_unique<Connection>(options); },
            [](Connection& connection) { return connection.usable(); }) {}

  Pool<Connection>::Lease checkout() {
    auto lease = pool.checkout();
    lease->refresh();
    return lease;
  }

  Reply command(Command parts, Repeat repeat) {
    const auto connection = checkout();
    Reply reply;
    try {
      connection->send(parts);
      reply = connection->receive();
    } catch (const Silent&) {
      throw;
    } catch (const Unreachable&) {
      if (repeat == Repeat::kNever) throw;
      connection->reopen();
      connection->send(parts);
      reply = connection->receive();
    }
    if (reply.kind == Reply::Kind::kError) {
      throw Error("Redis at " + options.host + ":" + std::to_string(options.port) + " refused " +
                  std::string(parts.empty() ? "" : parts[0]) + ": " + reply.text);
    }
    return reply;
  }

  template <class... Parts>
  Reply command(Repeat repeat, const Parts&... parts) {
    const std::array<std::string_view, sizeof...(parts)> list{parts...};
    return command(Command(list), repeat);
  }

  const Options options;
  Pool<Connection> pool;
};

Client::Client(Options options) : data_(std::make_unique<Data>(std::move(options))) {}
Client::~Client() = default;

std::optional<std::string> Client::get(std::string_view key) {
  Reply reply = data_->command(Repeat::kOnce, "GET", key);
  if (reply.kind == Reply::Kind::kNothing) return std::nullopt;
  return std::move(reply.text);
}

void Client::set(std::string_view key, std::string_view value) {
  data_->command(Repeat::kOnce, "SET", key, value);
}

void Client::set(std::string_view key, std::string_view value, std::chrono::milliseconds ttl) {
  const std::string time = std::to_string(ttl.count());
  data_->command(Repeat::kOnce, "SET", key, value, "PX", time);
}

bool Client::del(std::string_view key) {
  return data_->command(Repeat::kOnce, "DEL", key).integer > 0;
}

int64_t Client::incr(std::string_view key, int64_t by) {
  const std::string amount = std::to_string(by);
  return data_->command(Repeat::kNever, "INCRBY", key, amount).integer;
}

Reply Client::command(std::initializer_list<std::string_view> parts) {
  return data_->command(Command(parts.begin(), parts.size()), Repeat::kNever);
}

std::vector<Reply> Client::run(const Pipeline& pipeline) {
  std::vector<Reply> replies;
  if (pipeline.commands().empty()) return replies;
  const auto connection = data_->checkout();
  for (const auto& parts : pipeline.commands()) {
    connection->send(std::vector<std::string_view>(parts.begin(), parts.end()));
  }
  for (size_t i = 0; i < pipeline.commands().size(); ++i) replies.push_back(connection->receive());
  return replies;
}

size_t Client::open_connections() const { return data_->pool.open_count(); }

}  // namespace kiln::redis
