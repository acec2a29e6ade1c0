// io_uring: one system call a turn, which submits all that the last one has queued and waits. Each
// stream has one receive that stays, with buffers of a ring that all share; sends go with the
// turn's call. What is not a stream (listeners, pipes, pidfds) stands in an epoll of its own that
// the ring watches, so that its news come in the order in which they happened.
#include <liburing.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <unordered_set>
#include <utility>

#include "base/check.h"
#include "base/fence.h"
#include "net/io_backend.h"
#include "net/io_loop.h"
#include "net/outgoing.h"

namespace kiln::net {
namespace {

constexpr unsigned kSubmissions = 1024;
constexpr unsigned kCompletions = 4096;
constexpr unsigned kBatch = 64;
// Of the receives of all streams: a power of two.
constexpr uint16_t kBuffers = 128;
constexpr uint32_t kBufferBytes = 8 * 1024;
constexpr uint16_t kGroup = 0;

constexpr size_t kRingBytes = kBuffers * sizeof(io_uring_buf);

// What a completion is of: the low bits of its user data, beside the socket's address.
enum class Tag : uint64_t { kReceive, kSend, kWritable, kWake, kEpoll, kNobody };
constexpr uint64_t kTagBits = 7;

std::string text_of(int error) { return std::strerror(error); }

class UringStream;

// A socket, for as long as the kernel has anything in hand for it.
struct alignas(8) RingSocket {
  UniqueFd fd;
  UringStream* owner = nullptr;  // null: it has gone
  int references = 1;            // the owner's, and one for each operation in hand
  bool receives = false;         // a receive is in hand
  bool sends = false;
  Outgoing in_hand, queued;
  msghdr message = {};
  std::array<iovec, 8> parts = {};
};

class UringBackend final : public IoBackend {
 public:
  explicit UringBackend(IoLoop& loop) : loop_(loop), epoll_(make_epoll_backend(loop)) {}
  ~UringBackend() override {
    if (made_) io_uring_queue_exit(&ring_);
    if (buffer_ring_ != MAP_FAILED) ::munmap(buffer_ring_, kRingBytes);
    for (RingSocket* socket : sockets_) delete socket;
  }

  // "" or what forbids it.
  std::string make() {
    io_uring_params parameters = {};
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE;
    parameters.cq_entries = kCompletions;
    if (const int r = io_uring_queue_init_params(kSubmissions, &ring_, &parameters); r < 0)
      return "io_uring_setup: " + text_of(-r);
    made_ = true;
    wake_.reset(::eventfd(0, EFD_CLOEXEC));
    KILN_CHECK(wake_);
    buffer_ring_ = static_cast<io_uring_buf_ring*>(
        ::mmap(nullptr, kRingBytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0));
    KILN_CHECK(buffer_ring_ != MAP_FAILED);
    io_uring_buf_reg registration = {};
    registration.ring_addr = reinterpret_cast<uint64_t>(buffer_ring_);
    registration.ring_entries = kBuffers;
    registration.bgid = kGroup;
    if (const int r = io_uring_register_buf_ring(&ring_, &registration, 0); r < 0)
      return "provided buffers: " + text_of(-r);
    buffers_ = std::make_unique_for_overwrite<char[]>(size_t{kBuffers} * kBufferBytes);
    io_uring_buf_ring_init(buffer_ring_);
    for (uint16_t i = 0; i < kBuffers; ++i) put_back(i, i);
    io_uring_buf_ring_advance(buffer_ring_, kBuffers);
    return {};
  }

  const char* name() const override { return "io_uring"; }
  bool add(Polled& what, int fd, uint32_t events) override { return epoll_->add(what, fd, events); }
  void change(Polled& what, int fd, uint32_t events) override { epoll_->change(what, fd, events); }
  void remove(Polled& what, int fd) override { epoll_->remove(what, fd); }
  int descriptor() const override { return ring_.ring_fd; }
  std::unique_ptr<Stream> open(UniqueFd socket, StreamUser& user) override;

  size_t wait(Duration at_most) override {
    if (!std::exchange(enabled_, true)) begin();
    if (at_most <= Duration::zero()) {
      if (io_uring_sq_ready(&ring_) > 0) io_uring_submit_and_get_events(&ring_);
    } else if (at_most == Duration::max()) {
      io_uring_submit_and_wait(&ring_, 1);
    } else {
      const auto s = std::chrono::floor<std::chrono::seconds>(at_most);
      __kernel_timespec left = {s.count(), (at_most - s).count()};
      io_uring_cqe* first = nullptr;
      io_uring_submit_and_wait_timeout(&ring_, &first, 1, &left, nullptr);
    }
    loop_.woke();
    size_t all = 0;
    // What comes while these are handled waits for the next turn, but for what one batch can't
    // hold.
    for (unsigned n = kBatch; n == kBatch && all < kCompletions; all += n) {
      std::array<io_uring_cqe*, kBatch> entries;
      std::array<io_uring_cqe, kBatch> batch;
      n = io_uring_peek_batch_cqe(&ring_, entries.data(), kBatch);
      for (unsigned i = 0; i < n; ++i) std::memcpy(&batch[i], entries[i], sizeof batch[i]);
      io_uring_cq_advance(&ring_, n);
      for (unsigned i = 0; i < n; ++i) complete(batch[i]);
    }
    return all;
  }

  void wake() override {
    const uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
  }

  // ---- for streams

  RingSocket* make_socket(UniqueFd fd, UringStream* owner) {
    auto* const socket = new RingSocket;
    socket->fd = std::move(fd);
    socket->owner = owner;
    sockets_.insert(socket);
    return socket;
  }
  void let_go(RingSocket* socket) {
    if (--socket->references > 0) return;
    sockets_.erase(socket);
    delete socket;
  }
  void receive(RingSocket* socket) {
    if (std::exchange(socket->receives, true)) return;
    io_uring_sqe* const entry = next(socket, Tag::kReceive);
    io_uring_prep_recv_multishot(entry, socket->fd.get(), nullptr, 0, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = kGroup;
    io_uring_sqe_set_data64(entry, data(socket, Tag::kReceive));
  }
  void end_receive(RingSocket* socket) {
    if (!socket->receives) return;
    io_uring_sqe* const entry = next(nullptr, Tag::kNobody);
    io_uring_prep_cancel64(entry, data(socket, Tag::kReceive), 0);
    io_uring_sqe_set_data64(entry, data(nullptr, Tag::kNobody));
  }
  void send(RingSocket* socket) {
    if (socket->in_hand.empty()) std::swap(socket->in_hand, socket->queued);
    const size_t count = socket->in_hand.parts(socket->parts);
    io_uring_sqe* const entry = next(socket, Tag::kSend);
    if (count == 1) {
      io_uring_prep_send(entry, socket->fd.get(), socket->parts[0].iov_base,
                         socket->parts[0].iov_len, MSG_NOSIGNAL | MSG_WAITALL);
    } else {
      socket->message = {};
      socket->message.msg_iov = socket->parts.data();
      socket->message.msg_iovlen = count;
      io_uring_prep_sendmsg(entry, socket->fd.get(), &socket->message, MSG_NOSIGNAL | MSG_WAITALL);
    }
    io_uring_sqe_set_data64(entry, data(socket, Tag::kSend));
    socket->sends = true;
  }
  void want_writable(RingSocket* socket) {
    io_uring_sqe* const entry = next(socket, Tag::kWritable);
    io_uring_prep_poll_add(entry, socket->fd.get(), POLLOUT);
    io_uring_sqe_set_data64(entry, data(socket, Tag::kWritable));
  }

 private:
  static uint64_t data(RingSocket* socket, Tag tag) {
    return reinterpret_cast<uint64_t>(socket) | static_cast<uint64_t>(tag);
  }

  io_uring_sqe* next(RingSocket* socket, Tag) {
    if (socket != nullptr) ++socket->references;
    io_uring_sqe* entry = io_uring_get_sqe(&ring_);
    for (int tries = 0; entry == nullptr && tries < 1000; ++tries) {
      io_uring_submit(&ring_);
      entry = io_uring_get_sqe(&ring_);
    }
    KILN_CHECK(entry != nullptr);
    return entry;
  }

  // On the thread that will submit from now on.
  void begin() {
    // By system call: liburing 2.3 has a name for it, but doesn't export it.
    ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
    watch_wake();
    watch_epoll();
  }
  void watch_wake() {
    io_uring_sqe* const entry = next(nullptr, Tag::kWake);
    io_uring_prep_read(entry, wake_.get(), &wakes_, sizeof wakes_, 0);
    io_uring_sqe_set_data64(entry, data(nullptr, Tag::kWake));
  }
  void watch_epoll() {
    io_uring_sqe* const entry = next(nullptr, Tag::kEpoll);
    io_uring_prep_poll_multishot(entry, epoll_->descriptor(), POLLIN);
    io_uring_sqe_set_data64(entry, data(nullptr, Tag::kEpoll));
  }

  void put_back(uint16_t buffer, uint16_t offset) {
    io_uring_buf_ring_add(buffer_ring_, buffers_.get() + size_t{buffer} * kBufferBytes,
                          kBufferBytes, buffer, io_uring_buf_ring_mask(kBuffers), offset);
  }

  void complete(const io_uring_cqe& entry);
  void complete_receive(RingSocket* socket, const io_uring_cqe& entry);
  void complete_send(RingSocket* socket, int result);

  IoLoop& loop_;
  std::unique_ptr<IoBackend> epoll_;
  io_uring ring_ = {};
  bool made_ = false;
  bool enabled_ = false;
  UniqueFd wake_;
  uint64_t wakes_ = 0;
  io_uring_buf_ring* buffer_ring_ = static_cast<io_uring_buf_ring*>(MAP_FAILED);
  std::unique_ptr<char[]> buffers_;
  std::unordered_set<RingSocket*> sockets_;
};

class UringStream final : public Stream {
 public:
  UringStream(UringBackend& backend, UniqueFd fd, StreamUser& user)
      : user_(user), backend_(backend), socket_(backend.make_socket(std::move(fd), this)) {}
  ~UringStream() override {
    socket_->owner = nullptr;
    // What is in hand ends with it; then the socket is closed.
    if (socket_->references > 1) ::shutdown(socket_->fd.get(), SHUT_RDWR);
    backend_.let_go(socket_);
  }

  int fd() const override { return socket_->fd.get(); }
  void resume() override {
    if (std::exchange(reads_, true) || ended_) return;
    backend_.receive(socket_);
  }
  void pause() override {
    if (!std::exchange(reads_, false)) return;
    backend_.end_receive(socket_);
  }
  Sent send(std::string_view head, std::string&& body) override {
    socket_->queued.add(head);
    if (body.size() <= kCopied)
      socket_->queued.add(std::string_view(body));
    else
      socket_->queued.add(std::move(body), 0);
    return begin_send();
  }
  Sent send(std::string_view head, std::string_view body) override {
    socket_->queued.add(head);
    socket_->queued.add(body);
    return begin_send();
  }
  Sent send_head(std::string_view head) override { return send(head, std::string_view()); }
  void want_writable() override { backend_.want_writable(socket_); }
  void release() override {
    releasing_ = true;
    reads_ = false;
    if (socket_->receives)
      backend_.end_receive(socket_);
    else
      user_.on_released(std::move(socket_->fd));
  }

 private:
  friend class UringBackend;
  // Less is copied beside what goes before it, so that both are one piece.
  static constexpr size_t kCopied = 8 * 1024;

  Sent begin_send() {
    if (failed_) return Sent::kFailed;
    if (!socket_->sends && !socket_->queued.empty()) backend_.send(socket_);
    return Sent::kPending;
  }

  StreamUser& user_;
  UringBackend& backend_;
  RingSocket* socket_;
  bool reads_ = false;
  bool ended_ = false;
  bool failed_ = false;
  bool releasing_ = false;
};

std::unique_ptr<Stream> UringBackend::open(UniqueFd socket, StreamUser& user) {
  return std::make_unique<UringStream>(*this, std::move(socket), user);
}

void UringBackend::complete(const io_uring_cqe& entry) {
  const auto tag = static_cast<Tag>(entry.user_data & kTagBits);
  auto* const socket = reinterpret_cast<RingSocket*>(entry.user_data & ~kTagBits);
  switch (tag) {
    case Tag::kReceive:
      return complete_receive(socket, entry);
    case Tag::kSend:
      return complete_send(socket, entry.res);
    case Tag::kWritable:
      if (UringStream* const stream = socket->owner)
        fenced("an event loop", [&] { stream->user_.on_writable(); });
      return let_go(socket);
    case Tag::kWake:
      return watch_wake();
    case Tag::kEpoll:
      while (epoll_->wait(Duration::zero()) >= kEpollBatch) {
      }
      if ((entry.flags & IORING_CQE_F_MORE) == 0) watch_epoll();
      return;
    case Tag::kNobody:
      return;
  }
}

void UringBackend::complete_receive(RingSocket* socket, const io_uring_cqe& entry) {
  const bool last = (entry.flags & IORING_CQE_F_MORE) == 0;
  if (last) socket->receives = false;
  UringStream* stream = socket->owner;
  const bool has_buffer = (entry.flags & IORING_CQE_F_BUFFER) != 0;
  const auto buffer = static_cast<uint16_t>(entry.flags >> IORING_CQE_BUFFER_SHIFT);
  if (stream != nullptr && entry.res > 0)
    fenced("an event loop", [&] {
      stream->user_.on_data(
          {buffers_.get() + size_t{buffer} * kBufferBytes, static_cast<size_t>(entry.res)});
    });
  if (has_buffer) {
    put_back(buffer, 0);
    io_uring_buf_ring_advance(buffer_ring_, 1);
  }
  if (!last) return;
  stream = socket->owner;
  if (stream != nullptr) {
    const bool ended = entry.res == 0 || (entry.res < 0 && entry.res != -ENOBUFS &&
                                          entry.res != -ECANCELED && entry.res != -EINTR);
    if (stream->releasing_) {
      fenced("an event loop", [&] { stream->user_.on_released(std::move(socket->fd)); });
    } else if (ended) {
      stream->ended_ = true;
      fenced("an event loop", [&] { stream->user_.on_end(-entry.res); });
    } else if (stream->reads_) {
      receive(socket);
    }
  }
  let_go(socket);
}

void UringBackend::complete_send(RingSocket* socket, int result) {
  socket->sends = false;
  if (UringStream* const stream = socket->owner) {
    if (result < 0 && result != -EINTR && result != -EAGAIN) {
      stream->failed_ = true;
      socket->in_hand.clear();
      socket->queued.clear();
      fenced("an event loop", [&] { stream->user_.on_send_failed(-result); });
    } else {
      if (result > 0) socket->in_hand.take(static_cast<size_t>(result));
      if (!socket->in_hand.empty() || !socket->queued.empty())
        send(socket);
      else
        fenced("an event loop", [&] { stream->user_.on_sent(); });
    }
  }
  let_go(socket);
}

}  // namespace

std::unique_ptr<IoBackend> make_uring_backend(IoLoop& loop, std::string& why) {
  auto backend = std::make_unique<UringBackend>(loop);
  why = backend->make();
  if (!why.empty()) return nullptr;
  return backend;
}

const std::string& uring_fault() {
  static const std::string fault = [] {
    io_uring_params parameters = {};
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    io_uring ring;
    const int r = io_uring_queue_init_params(4, &ring, &parameters);
    if (r < 0) return "io_uring_setup: " + text_of(-r);
    io_uring_queue_exit(&ring);
    return std::string();
  }();
  return fault;
}

}  // namespace kiln::net
