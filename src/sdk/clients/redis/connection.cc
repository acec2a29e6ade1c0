#include "sdk/clients/redis/connection.h"

#include <hiredis/hiredis.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <memory>

namespace kiln::redis {
namespace {

using RawReply = std::unique_ptr<void, decltype(&freeReplyObject)>;

timeval to_timeval(std::chrono::milliseconds time) {
  return {time.count() / 1000, static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

Reply to_reply(const redisReply& raw) {
  Reply reply;
  const auto text = [&] { return std::string(raw.str, raw.len); };
  switch (raw.type) {
    case REDIS_REPLY_NIL:
      break;
    case REDIS_REPLY_INTEGER:
      reply.kind = Reply::Kind::kInteger;
      reply.integer = raw.integer;
      break;
    case REDIS_REPLY_ERROR:
      reply.kind = Reply::Kind::kError;
      reply.text = text();
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = Reply::Kind::kList;
      for (size_t i = 0; i < raw.elements; ++i) reply.list.push_back(to_reply(*raw.element[i]));
      break;
    default:
      reply.kind = Reply::Kind::kText;
      reply.text = text();
  }
  return reply;
}

}  // namespace

Connection::Connection(const Options& options) : options_(options) { open(); }
Connection::~Connection() { close(); }

void Connection::close() {
  if (context_) redisFree(context_);
  context_ = nullptr;
}

void Connection::open() {
  context_ = redisConnectWithTimeout(options_.host.c_str(), options_.port,
                                     to_timeval(options_.connect_timeout));
  if (!context_) throw std::bad_alloc();
  try {
    if (context_->err) throw Unreachable(place() + " can't be reached: " + context_->errstr);
    redisSetTimeout(context_, to_timeval(options_.command_timeout));
    if (!options_.password.empty()) {
      if (options_.user.empty()) {
        checked(std::array<std::string_view, 2>{"AUTH", options_.password});
      } else {
        checked(std::array<std::string_view, 3>{"AUTH", options_.user, options_.password});
      }
    }
    if (options_.database != 0) {
      const std::string number = std::to_string(options_.database);
      checked(std::array<std::string_view, 2>{"SELECT", number});
    }
  } catch (...) {
    close();
    throw;
  }
}

void Connection::reopen() {
  close();
  open();
}

bool Connection::usable() const { return context_ && context_->err == 0; }

// On an idle connection there is nothing to read but its end.
void Connection::refresh() {
  if (usable()) {
    pollfd waiting{context_->fd, POLLIN, 0};
    if (::poll(&waiting, 1, 0) == 0) return;
  }
  reopen();
}

void Connection::send(Command command) {
  if (!context_) throw Unreachable("the connection to Redis is closed");
  std::vector<const char*> parts;
  std::vector<size_t> sizes;
  for (const std::string_view part : command) {
    parts.push_back(part.data() ? part.data() : "");
    sizes.push_back(part.size());
  }
  if (redisAppendCommandArgv(context_, static_cast<int>(parts.size()), parts.data(),
                             sizes.data()) != REDIS_OK) {
    broken();
  }
}

Reply Connection::receive() {
  if (!context_) throw Unreachable("the connection to Redis is closed");
  void* raw = nullptr;
  if (redisGetReply(context_, &raw) != REDIS_OK || !raw) broken();
  const RawReply owner(raw, &freeReplyObject);
  return to_reply(*static_cast<redisReply*>(raw));
}

Reply Connection::checked(Command command) {
  send(command);
  Reply reply = receive();
  if (reply.kind == Reply::Kind::kError) throw Error(place() + " refused: " + reply.text);
  return reply;
}

void Connection::broken() {
  const bool silent = context_->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK);
  std::string problem =
      silent ? "no answer within " + std::to_string(options_.command_timeout.count()) + " ms"
             : std::string(context_->errstr);
  close();
  const std::string message = "the connection to " + place() + " broke: " + problem;
  if (silent) throw Silent(message);
  throw Unreachable(message);
}

std::string Connection::place() const {
  return "Redis at " + options_.host + ":" + std::to_string(options_.port);
}

}  // namespace kiln::redis
