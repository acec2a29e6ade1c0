// The engine's end of the direct channel (base/channel_frame.h): a function built on the SDK and
// the bootstraps of managed runtimes pick it when they find it. One message out and one back for an
// invocation, without HTTP on the way; through shared memory (base/channel_ring.h) when the
// function offers that.
//
// The other end is hostile: a frame that is malformed or too large ends the channel, and with it
// the sandbox. Threading: its loop only. Destroyed by its sandbox.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/channel_frame.h"
#include "base/clock.h"
#include "base/unique_fd.h"
#include "net/io_loop.h"
#include "net/looked_at.h"
#include "net/stream.h"
#include "sandbox/extensions.h"
#include "sandbox/ring_memory.h"
#include "sandbox/runtime_port.h"

namespace kiln::sandbox {

class DirectChannel final : private EventSink,
                            private net::StreamUser,
                            private net::LookedAt,
                            private net::Scheduled {
 public:
  // `extensions`: whoever has registered from inside the runtime; nullptr: nobody can.
  DirectChannel(UniqueFd socket, net::IoLoop& loop, RuntimePort& port, Extensions* extensions);
  ~DirectChannel();

 private:
  void deliver(const Event& event) override;
  void on_data(std::string_view bytes) override;
  // The process has closed it or ended; its exit is reported elsewhere.
  void on_end(int) override {}
  void on_sent() override { writing_ = false; }
  size_t take_frames(std::string_view bytes);
  bool take_frame(const FrameHeader& header, std::string_view meta, std::string&& body);
  bool take_message(FrameType type, std::string_view meta, std::string&& body, bool too_large);
  void offer_ring();
  // LookedAt, while an event is in hand.
  bool notice() override { return noticed_ = ring_->answered(); }
  bool look() override;
  bool before_sleep() override;
  void after_sleep() override;
  // Scheduled, while the memory holds pages of large messages.
  SteadyTime on_time(SteadyTime now) override;
  void broken(const char* why);
  void end_work();

  net::IoLoop& loop_;
  RuntimePort& port_;
  Extensions* extensions_;
  std::unique_ptr<RingMemory> ring_;  // null: everything goes through the socket
  std::unique_ptr<net::Stream> stream_;
  std::string in_;    // the beginning of a frame
  std::string head_;  // of the event that is sent
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool writing_ = false;  // the rest of an event is on its way
  bool broken_ = false;   // nothing more is read
  bool at_work_ = false;  // has an event, and has not answered it
  SteadyTime given_at_;   // that event
  bool noticed_ = false;  // the answer was there before the kernel was last asked
  // Bytes that the function writes for answers that were seen without them: the next of them say
  // nothing of a later answer.
  size_t bells_owed_ = 0;
  bool asked_ = false;  // for a byte, when the answer is there
  bool rung_ = false;   // it has come
};

}  // namespace kiln::sandbox
