// How a loop waits for the kernel: the seam between IoLoop and epoll or io_uring.
//
// Threading: the loop's thread, but for wake(). Descriptors may be added before the loop runs, by
// the thread that makes it.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "net/stream.h"

namespace kiln::net {

class IoLoop;

// kAuto: io_uring where the kernel and its policy allow it, else epoll.
enum class IoChoice { kAuto, kEpoll, kUring };

// Something with a descriptor whose readiness it wants to know: edge-triggered, so that it reads
// until nothing is left, or calls IoLoop::again().
class Polled {
 public:
  // EPOLL… bits.
  virtual void on_events(uint32_t events) = 0;

 protected:
  ~Polled() = default;
};

class IoBackend {
 public:
  static constexpr uint32_t kReads = EPOLLIN | EPOLLRDHUP | EPOLLET;
  // Of one wait: when it brings so many, there may be more.
  static constexpr size_t kEpollBatch = 16;

  virtual ~IoBackend() = default;
  virtual const char* name() const = 0;
  // The descriptor stays its owner's, who removes it before closing it. False: errno says why not.
  virtual bool add(Polled& what, int fd, uint32_t events) = 0;
  virtual void change(Polled& what, int fd, uint32_t events) = 0;
  virtual void remove(Polled& what, int fd) = 0;
  virtual std::unique_ptr<Stream> open(UniqueFd socket, StreamUser& user) = 0;
  // Waits for at most `at_most` (zero: looks only; Duration::max(): for ever), calls the loop's
  // woke() at once, and then whom it concerns. How much there was.
  virtual size_t wait(Duration at_most) = 0;
  // Readable when wait() has something.
  virtual int descriptor() const = 0;
  // Any thread: ends a wait that is under way, or the next one.
  virtual void wake() = 0;
};

// Both REQUIRE that `loop` outlives what they make.
std::unique_ptr<IoBackend> make_epoll_backend(IoLoop& loop);
// nullptr: not to be had here; `why` says what forbids it.
std::unique_ptr<IoBackend> make_uring_backend(IoLoop& loop, std::string& why);

}  // namespace kiln::net
