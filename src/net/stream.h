// A connected stream socket on a loop: bytes come by callback, bytes go without waiting. Made by
// IoLoop::open; epoll and io_uring each have their own.
//
// Threading: its loop only. The user may destroy the stream at any time, also within a callback:
// no callback follows, and the socket is closed.
#pragma once

#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace kiln::net {

class StreamUser {
 public:
  // `bytes` are valid for this call only. Also a paused stream may still bring some.
  virtual void on_data(std::string_view bytes) = 0;
  // The peer sends no more (0), or the connection has failed (an errno). Nothing is read any more.
  virtual void on_end(int error) = 0;
  // All that was given to send() is with the kernel. Follows a send() that was kPending, only.
  virtual void on_sent() = 0;
  // What was pending can't go any more. Bytes that the peer sent before may still come.
  virtual void on_send_failed(int error) { on_end(error); }
  // Follows want_writable().
  virtual void on_writable() {}
  // Follows release(): no callback comes after it, and the stream may be destroyed.
  virtual void on_released(UniqueFd) {}

 protected:
  ~StreamUser() = default;
};

class Stream {
 public:
  enum class Sent { kDone, kPending, kFailed };

  virtual ~Stream() = default;
  virtual int fd() const = 0;
  // A new stream doesn't read. Neither calls back before it returns.
  virtual void resume() = 0;
  virtual void pause() = 0;
  // What can't go at once is kept, `body` by moving it. While one is pending, more is added to it.
  virtual Sent send(std::string_view head, std::string&& body) = 0;
  virtual Sent send(std::string_view head, std::string_view body) = 0;
  // The head of something whose rest follows at once, by other means (sendfile).
  virtual Sent send_head(std::string_view head) = 0;
  // Calls on_writable once, when the socket takes bytes. REQUIRES: no send is pending.
  virtual void want_writable() = 0;
  // Gives the socket away; on_released has it, at once or later. What has come before that has gone
  // to on_data.
  virtual void release() = 0;
};

}  // namespace kiln::net
