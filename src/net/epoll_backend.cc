// epoll, edge-triggered: each descriptor is registered once, and its reader reads until a short
// read says that nothing is left. EPOLLOUT is asked for only while a write is pending: registered
// for good, it would wake the loop each time a peer reads.
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/fence.h"
#include "net/io_backend.h"
#include "net/io_loop.h"
#include "net/outgoing.h"

namespace kiln::net {
namespace {

constexpr size_t kReadBytes = 64 * 1024;
constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
// Of one stream in one turn, so that none starves the others.
constexpr int kReadsPerTurn = 4;

class EpollBackend final : public IoBackend, private Polled {
 public:
  explicit EpollBackend(IoLoop& loop)
      : loop_(loop),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
        buffer_(std::make_unique_for_overwrite<char[]>(kReadBytes)) {
    KILN_CHECK(epoll_ && wake_);
    KILN_CHECK(add(*this, wake_.get(), EPOLLIN | EPOLLET));
  }

  const char* name() const override { return "epoll"; }

  bool add(Polled& what, int fd, uint32_t events) override {
    return control(EPOLL_CTL_ADD, what, fd, events);
  }
  void change(Polled& what, int fd, uint32_t events) override {
    control(EPOLL_CTL_MOD, what, fd, events);
  }
  void remove(Polled& what, int fd) override {
    control(EPOLL_CTL_DEL, what, fd, 0);
    // What this turn has still in hand for it is nobody's.
    for (size_t i = at_; i < count_; ++i)
      if (events_[i].data.ptr == &what) events_[i].data.ptr = nullptr;
  }

  std::unique_ptr<Stream> open(UniqueFd socket, StreamUser& user) override;

  int descriptor() const override { return epoll_.get(); }

  size_t wait(Duration at_most) override {
    int n;
    if (at_most <= Duration::zero() || at_most == Duration::max()) {
      n = ::epoll_wait(epoll_.get(), events_.data(), kEpollBatch,
                       at_most <= Duration::zero() ? 0 : -1);
    } else {
      const auto s = std::chrono::floor<std::chrono::seconds>(at_most);
      const timespec left = {static_cast<time_t>(s.count()),
                             static_cast<long>((at_most - s).count())};
      n = ::epoll_pwait2(epoll_.get(), events_.data(), kEpollBatch, &left, nullptr);
    }
    loop_.woke();
    count_ = n > 0 ? static_cast<size_t>(n) : 0;
    for (at_ = 0; at_ < count_;) {
      const epoll_event event = events_[at_++];
      auto* const what = static_cast<Polled*>(event.data.ptr);
      if (what != nullptr) fenced("an event loop", [&] { what->on_events(event.events); });
    }
    at_ = count_ = 0;
    return n > 0 ? static_cast<size_t>(n) : 0;
  }

  void wake() override {
    const uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
  }

  IoLoop& loop() { return loop_; }
  char* buffer() { return buffer_.get(); }

 private:
  // Edge-triggered: each write to it is an event, whether or not it was read.
  void on_events(uint32_t) override {}

  bool control(int operation, Polled& what, int fd, uint32_t events) {
    epoll_event event = {};
    event.events = events;
    event.data.ptr = &what;
    return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
  }

  IoLoop& loop_;
  UniqueFd epoll_, wake_;
  std::array<epoll_event, kEpollBatch> events_;
  size_t at_ = 0, count_ = 0;
  std::unique_ptr<char[]> buffer_;  // what is read, for as long as on_data lasts
};

class EpollStream final : public Stream, private Polled {
 public:
  EpollStream(EpollBackend& backend, UniqueFd socket, StreamUser& user)
      : backend_(backend), socket_(std::move(socket)), user_(user) {
    backend_.add(*this, socket_.get(), IoBackend::kReads);
  }
  ~EpollStream() override {
    if (callback_ != nullptr) callback_->gone = true;
    if (socket_) backend_.loop().remove(*this, socket_.get());
  }

  int fd() const override { return socket_.get(); }

  void resume() override {
    reads_ = true;
    if (readable_) later();
  }
  void pause() override { reads_ = false; }

  Sent send(std::string_view head, std::string&& body) override {
    if (!out_.empty()) return add(head, std::move(body));
    const ssize_t n = write(head, body, 0);
    if (n < 0) return Sent::kFailed;
    const auto sent = static_cast<size_t>(n);
    if (sent == head.size() + body.size()) return Sent::kDone;
    out_.add(head.substr(std::min(sent, head.size())));
    out_.add(std::move(body), sent > head.size() ? sent - head.size() : 0);
    want(true);
    return Sent::kPending;
  }
  Sent send(std::string_view head, std::string_view body) override {
    return send_parts(head, body, 0);
  }
  Sent send_head(std::string_view head) override { return send_parts(head, {}, MSG_MORE); }

  void want_writable() override {
    wants_writable_ = true;
    want(true);
  }

  void release() override {
    backend_.loop().remove(*this, socket_.get());
    reads_ = false;
    user_.on_released(std::move(socket_));
  }

 private:
  // Whether the stream has been destroyed within a callback.
  struct Callback {
    explicit Callback(EpollStream& s) : stream(s) { stream.callback_ = this; }
    ~Callback() {
      if (!gone) stream.callback_ = nullptr;
    }
    Callback(const Callback&) = delete;
    Callback& operator=(const Callback&) = delete;
    EpollStream& stream;
    bool gone = false;
  };

  Sent add(std::string_view head, std::string&& body) {
    out_.add(head);
    out_.add(std::move(body), 0);
    return Sent::kPending;
  }
  Sent send_parts(std::string_view head, std::string_view body, int flags) {
    size_t sent = 0;
    if (out_.empty()) {
      const ssize_t n = write(head, body, flags);
      if (n < 0) return Sent::kFailed;
      sent = static_cast<size_t>(n);
      if (sent == head.size() + body.size()) return Sent::kDone;
      want(true);
    }
    out_.add(head.substr(std::min(sent, head.size())));
    out_.add(body.substr(sent > head.size() ? sent - head.size() : 0));
    return Sent::kPending;
  }

  // What went; -1: the connection has failed.
  ssize_t write(std::string_view head, std::string_view body, int flags) {
    if (body.empty()) return sent(::send(socket_.get(), head.data(), head.size(), kFlags | flags));
    iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                      {const_cast<char*>(body.data()), body.size()}};
    return write(parts, 2, flags);
  }
  ssize_t write(iovec* parts, size_t count, int flags) {
    msghdr message = {};
    message.msg_iov = parts;
    message.msg_iovlen = count;
    return sent(::sendmsg(socket_.get(), &message, kFlags | flags));
  }
  static ssize_t sent(ssize_t n) {
    if (n >= 0) return n;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
  }

  void want(bool writable) {
    if (std::exchange(asked_, writable) == writable) return;
    backend_.change(*this, socket_.get(), IoBackend::kReads | (writable ? uint32_t{EPOLLOUT} : 0U));
  }

  // Writes what is pending. False: the stream has gone.
  bool flush() {
    const Callback callback(*this);
    bool failed = false;
    if (!out_.empty()) {
      std::array<iovec, 8> parts;
      while (!out_.empty()) {
        const size_t count = out_.parts(parts);
        const ssize_t n = write(parts.data(), count, 0);
        if (n < 0) {
          failed = true;
          break;
        }
        if (n == 0) break;
        out_.take(static_cast<size_t>(n));
      }
      if (failed) {
        const int error = errno;
        out_.clear();
        want(false);
        user_.on_send_failed(error);
      } else if (out_.empty()) {
        want(false);
        user_.on_sent();
      }
    } else if (wants_writable_) {
      wants_writable_ = false;
      want(false);
      user_.on_writable();
    }
    return !callback.gone;
  }

  void on_events(uint32_t events) override {
    if (events == 0) queued_ = false;
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
      readable_ = true;
      // The end can't be seen from a short read.
      if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ending_ = true;
    }
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0 && asked_ && !flush()) return;
    read();
  }

  void read() {
    for (int left = kReadsPerTurn; reads_ && readable_; --left) {
      if (left == 0) return later();
      const ssize_t n = ::recv(socket_.get(), backend_.buffer(), kReadBytes, MSG_DONTWAIT);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        readable_ = false;
        return;
      }
      if (n <= 0) {
        reads_ = readable_ = false;
        return user_.on_end(n < 0 ? errno : 0);
      }
      // Less than was asked for: nothing is left, and what comes next is an event of its own.
      if (static_cast<size_t>(n) < kReadBytes && !ending_) readable_ = false;
      const Callback callback(*this);
      user_.on_data({backend_.buffer(), static_cast<size_t>(n)});
      if (callback.gone) return;
    }
  }

  // The rest in the next turn.
  void later() {
    if (!std::exchange(queued_, true)) backend_.loop().again(*this, 0);
  }

  EpollBackend& backend_;
  UniqueFd socket_;
  StreamUser& user_;
  Outgoing out_;
  Callback* callback_ = nullptr;  // the one under way
  bool reads_ = false;
  bool readable_ = false;  // there may be bytes that were not read
  bool queued_ = false;    // for the next turn
  bool ending_ = false;    // the peer has ended its side
  bool asked_ = false;     // for EPOLLOUT
  bool wants_writable_ = false;
};

std::unique_ptr<Stream> EpollBackend::open(UniqueFd socket, StreamUser& user) {
  return std::make_unique<EpollStream>(*this, std::move(socket), user);
}

}  // namespace

std::unique_ptr<IoBackend> make_epoll_backend(IoLoop& loop) {
  return std::make_unique<EpollBackend>(loop);
}

}  // namespace kiln::net
