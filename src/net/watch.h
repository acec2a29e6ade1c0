// Calls back when a descriptor has something to read, or its other end has gone; edge-triggered, so
// the callback reads all there is, or calls again(). For descriptors that are not hot: pipes,
// pidfds, inotify.
//
//   Watch output(loop, pipe, [this] { read_output(); });
//
// Threading: its loop only. It may be destroyed at any time, also within its callback. The
// descriptor is another's, and outlives the watch.
#pragma once

#include <utility>

#include "base/unique_function.h"
#include "net/io_loop.h"

namespace kiln::net {

class Watch final : private Polled {
 public:
  Watch(IoLoop& loop, int fd, UniqueFunction<void()> ready)
      : loop_(loop), fd_(fd), ready_(std::move(ready)) {
    loop_.add(*this, fd_, EPOLLIN | EPOLLET);
  }
  ~Watch() {
    if (gone_ != nullptr) *gone_ = true;
    loop_.remove(*this, fd_);
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Calls back in the next turn, whether or not there is more.
  void again() {
    if (!std::exchange(queued_, true)) loop_.again(*this);
  }

 private:
  void on_events(uint32_t) override {
    queued_ = false;
    // Kept alive on the stack: it may destroy this.
    bool gone = false;
    gone_ = &gone;
    UniqueFunction<void()> ready = std::move(ready_);
    struct Back {
      ~Back() {
        if (gone) return;
        watch.gone_ = nullptr;
        watch.ready_ = std::move(ready);
      }
      Watch& watch;
      UniqueFunction<void()>& ready;
      bool& gone;
    } back{*this, ready, gone};
    ready();
  }

  IoLoop& loop_;
  int fd_;
  UniqueFunction<void()> ready_;
  bool queued_ = false;
  bool* gone_ = nullptr;
};

}  // namespace kiln::net
