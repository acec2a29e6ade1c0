#include "load/generator.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "net/local_name.h"

namespace kiln::load {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr uint64_t kMostBody = 7U << 20;
constexpr size_t kKeptBody = 4096;  // what callers look at: errors
// Sending of due requests gives way to answers after so many.
constexpr int kMostAtOnce = 64;

class Run;

// One connection; carries one request at a time.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Run& run, asio::io_context& io) : run_(run), socket_(io), timer_(io) {}

  void send(int64_t due_ns);
  // Whether the server has kept it open while it was idle.
  bool is_alive() {
    char byte = 0;
    const ssize_t got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }
  void close() {
    error_code ignored;
    socket_.close(ignored);
    timer_.cancel();
  }

 private:
  void connect();
  void write();
  void read();
  void finish(const error_code& error, std::string_view doing);

  Run& run_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::response_parser<http::string_body>> parser_;
  std::string request_;
  Answer answer_;
  uint64_t number_ = 0;  // counts beginnings and ends of requests
  bool timed_out_ = false;
};

class Run {
 public:
  explicit Run(const Plan& plan) : plan_(plan), due_(io_), ticks_(io_), signals_(io_) {}

  Result<Progress> run();
  int64_t now_ns() const { return (std::chrono::steady_clock::now() - start_).count(); }
  const Plan& plan() const { return plan_; }
  const tcp::endpoint& endpoint() const { return endpoint_; }
  void note_sent(const Answer& answer) {
    ++progress_.sent;
    progress_.latest_ns = std::max(progress_.latest_ns, answer.sent_ns - answer.due_ns);
  }
  // The request of `connection` has ended; `reusable` says whether it can carry another.
  void ended(const std::shared_ptr<Connection>& connection, const Answer& answer, bool reusable);

 private:
  Result<void> find_endpoint();
  void schedule();
  void send_due();
  void send(int64_t due_ns);
  void stop_sending();
  void end_if_done();
  void tick();
  void listen_for_signals();

  const Plan& plan_;
  asio::io_context io_{1};
  asio::steady_timer due_, ticks_;
  asio::signal_set signals_;
  tcp::endpoint endpoint_;
  std::chrono::steady_clock::time_point start_;
  int64_t next_ns_ = kNever;
  std::vector<std::shared_ptr<Connection>> idle_;
  std::deque<int64_t> waiting_;
  Progress progress_;
  bool ended_ = false;  // handlers that were ready before it still run
};

void Connection::send(int64_t due_ns) {
  answer_ = Answer{.due_ns = due_ns};
  timed_out_ = false;
  request_ = run_.plan().next_request();
  timer_.expires_after(run_.plan().time_limit);
  timer_.async_wait([self = shared_from_this(), number = ++number_](error_code error) {
    if (error || number != self->number_) return;  // a later request has begun
    self->timed_out_ = true;
    error_code ignored;
    self->socket_.close(ignored);
  });
  if (socket_.is_open()) {
    write();
  } else {
    connect();
  }
}

void Connection::connect() {
  socket_.async_connect(run_.endpoint(), [self = shared_from_this()](error_code error) {
    if (error) return self->finish(error, "connecting");
    error_code ignored;
    self->socket_.set_option(tcp::no_delay(true), ignored);
    self->write();
  });
}

void Connection::write() {
  answer_.sent_ns = run_.now_ns();
  run_.note_sent(answer_);
  asio::async_write(socket_, asio::buffer(request_),
                    [self = shared_from_this()](error_code error, size_t) {
                      if (error) return self->finish(error, "sending");
                      self->read();
                    });
}

void Connection::read() {
  parser_.emplace();
  parser_->body_limit(kMostBody);
  http::async_read(socket_, buffer_, *parser_,
                   [self = shared_from_this()](error_code error, size_t) {
                     self->finish(error, "waiting for the answer");
                   });
}

void Connection::finish(const error_code& error, std::string_view doing) {
  timer_.cancel();
  ++number_;
  answer_.done_ns = run_.now_ns();
  bool reusable = false;
  if (error) {
    answer_.failure =
        timed_out_ ? "no answer in time" : std::string(doing) + " failed: " + error.message();
  } else {
    const auto& message = parser_->get();
    const auto header = [&](std::string_view name) {
      const auto value = message[boost::beast::string_view(name.data(), name.size())];
      return std::string(value.data(), value.size());
    };
    answer_.status = message.result_int();
    answer_.request_id = header("x-amzn-requestid");
    answer_.function_error = header("x-amz-function-error");
    answer_.error_type = header("x-amzn-errortype");
    answer_.log_result = header("x-amz-log-result");
    answer_.body = message.body().substr(0, kKeptBody);
    reusable = message.keep_alive();
  }
  parser_.reset();
  run_.ended(shared_from_this(), answer_, reusable);
}

Result<void> Run::find_endpoint() {
  tcp::resolver resolver(io_);
  error_code error;
  const auto found =
      resolver.resolve(net::host_to_connect(plan_.host), std::to_string(plan_.port), error);
  for (const auto& entry : found) {
    tcp::socket probe(io_);
    probe.connect(entry.endpoint(), error);
    if (error) continue;
    endpoint_ = entry.endpoint();
    return {};
  }
  return Error{ErrorKind::kUnavailable, "CannotConnect",
               "nothing answers at " + plan_.host + ":" + std::to_string(plan_.port) +
                   "; start it with `kiln serve`"};
}

// Each connection is a descriptor.
void allow_descriptors(int64_t count) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const auto wanted = static_cast<rlim_t>(count) + 64;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

Result<Progress> Run::run() {
  if (Result<void> found = find_endpoint(); !found) return found.error();
  allow_descriptors(plan_.connections);
  error_code ignored;
  signals_.add(SIGINT, ignored);
  signals_.add(SIGTERM, ignored);
  listen_for_signals();
  start_ = std::chrono::steady_clock::now();
  next_ns_ = plan_.next_due();
  if (plan_.progress) tick();
  schedule();
  io_.run();
  progress_.elapsed_ns = now_ns();
  return progress_;
}

void Run::schedule() {
  if (next_ns_ >= plan_.length_ns) return stop_sending();
  due_.expires_at(start_ + std::chrono::nanoseconds(next_ns_));
  due_.async_wait([this](error_code error) {
    if (!error) send_due();
  });
}

void Run::send_due() {
  for (int i = 0; i < kMostAtOnce; ++i) {
    if (next_ns_ >= plan_.length_ns || next_ns_ > now_ns()) break;
    ++progress_.due;
    send(next_ns_);
    next_ns_ = plan_.next_due();
  }
  schedule();
}

void Run::send(int64_t due_ns) {
  while (!idle_.empty()) {
    const std::shared_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->is_alive()) return connection->send(due_ns);
    connection->close();
    --progress_.connections;
  }
  if (progress_.connections >= plan_.connections) {
    waiting_.push_back(due_ns);
    return;
  }
  ++progress_.connections;
  std::make_shared<Connection>(*this, io_)->send(due_ns);
}

void Run::ended(const std::shared_ptr<Connection>& connection, const Answer& answer,
                bool reusable) {
  ++progress_.done;
  if (!answer.failure.empty()) ++progress_.failed;
  plan_.done(answer);
  if (reusable) {
    if (!waiting_.empty()) {
      const int64_t due_ns = waiting_.front();
      waiting_.pop_front();
      return connection->send(due_ns);
    }
    idle_.push_back(connection);
  } else {
    connection->close();
    --progress_.connections;
    if (!waiting_.empty()) {
      const int64_t due_ns = waiting_.front();
      waiting_.pop_front();
      send(due_ns);
    }
  }
  end_if_done();
}

void Run::stop_sending() {
  next_ns_ = kNever;
  due_.cancel();
  end_if_done();
}

void Run::end_if_done() {
  if (next_ns_ < plan_.length_ns || progress_.done < progress_.due) return;
  ended_ = true;
  error_code ignored;
  ticks_.cancel();
  signals_.cancel(ignored);
  for (const auto& connection : idle_) connection->close();
  idle_.clear();
}

void Run::tick() {
  ticks_.expires_after(plan_.progress_every);
  ticks_.async_wait([this](error_code error) {
    if (error || ended_) return;
    progress_.elapsed_ns = now_ns();
    progress_.waiting = static_cast<int64_t>(waiting_.size());
    plan_.progress(progress_);
    tick();
  });
}

void Run::listen_for_signals() {
  signals_.async_wait([this](error_code error, int) {
    if (error || ended_) return;
    if (progress_.interrupted) return io_.stop();
    progress_.interrupted = true;
    progress_.due -= static_cast<int64_t>(waiting_.size());
    waiting_.clear();
    const int64_t open = progress_.due - progress_.done;
    if (plan_.interrupted && open > 0) plan_.interrupted(open);
    listen_for_signals();
    stop_sending();
  });
}

}  // namespace

Result<Progress> generate(const Plan& plan) {
  Run run(plan);
  return run.run();
}

}  // namespace kiln::load
