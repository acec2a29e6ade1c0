// The engine's end of the direct channel (base/channel_frame.h): a function built on the SDK and
// the bootstraps of managed runtimes pick it when they find it. One message out and one back for an
// invocation, without HTTP on the way; through shared memory (base/channel_ring.h) when the
// function offers that.
//
// The other end is hostile: a frame that is malformed or too large ends the channel, and with it
// the sandbox. Threading: its loop only. Destroyed by its sandbox.
#pragma once

#include <array>
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
  // `memory`: for a function that offers the ring; null: made then. `extensions`: whoever has
  // registered from inside the runtime; nullptr: nobody can.
  DirectChannel(UniqueFd socket, std::unique_ptr<RingMemory> memory, net::IoLoop& loop,
                RuntimePort& port, Extensions* extensions);
  ~DirectChannel();

  // While it has an event: shows the function one more ahead of its turn, which is to be delivered
  // when it has answered, in the order of these calls. False: it doesn't go there.
  bool stage(const Event& event);
  // Takes the last of them back. False: the function has taken it, so that the answer to the one
  // before stands there. REQUIRES: staged() > 0
  bool take_back() { return ring_->take_back(); }
  bool is(const EventSink& sink) const { return &sink == this; }
  // Whether the last event that was delivered had been taken before, and how long ago it was
  // answered, as the function says; zero: it doesn't say.
  bool was_taken_ahead() const { return was_ahead_; }
  Duration answered_ago() const;
  size_t staged() const { return ring_ ? ring_->staged() : 0; }
  // Whether the function has taken the first of them: all that it had printed before was read.
  bool is_ahead() const { return staged() > 0 && ring_->first_is_taken(); }
  // Hears of all answers that stand there. `last`: the function has ended, and gets no event that
  // it has not taken.
  void catch_up(bool last);
  // Around a reading of the function's output, and then: how many events ahead of its turn the
  // function was when it printed that.
  void begin_reading() {
    if (ring_) ring_->begin_reading();
  }
  void end_reading() {
    if (ring_) ring_->end_reading();
  }
  size_t printed_ahead() const { return ring_ ? ring_->printed_ahead() : 0; }

 private:
  void deliver(const Event& event) override;
  void on_data(std::string_view bytes) override;
  // The process has closed it or ended; its exit is reported elsewhere.
  void on_end(int) override {}
  void on_sent() override { writing_ = false; }
  size_t take_frames(std::string_view bytes);
  bool take_frame(const FrameHeader& header, std::string_view meta, std::string&& body);
  bool take_message(FrameType type, std::string_view meta, std::string&& body, bool too_large,
                    bool wants_next = true);
  // The answer that stands in the memory.
  void take_answer(bool wants_next);
  bool has_answer() const { return ring_ && !broken_ && ring_->in_hand() && ring_->answered(); }
  void write_meta(const Event& event);
  void offer_ring(bool stages);
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
  std::unique_ptr<RingMemory> memory_;  // until the function has offered the ring, or has not
  std::unique_ptr<RingMemory> ring_;    // null: everything goes through the socket
  std::unique_ptr<net::Stream> stream_;
  std::string in_;    // the beginning of a frame
  std::string head_;  // of the event that is sent
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool stages_ = false;  // the function knows of them
  // Hashes of the ids of those staged: what is delivered is what was staged.
  std::array<size_t, ring::kStages> staged_ids_{};
  bool writing_ = false;  // the rest of an event is on its way
  bool broken_ = false;   // nothing more is read
  bool at_work_ = false;  // has an event, and has not answered it
  SteadyTime given_at_;   // that event
  bool was_ahead_ = false;
  uint64_t answered_at_ = 0;  // see RingMemory::Answer
  bool noticed_ = false;      // the answer was there before the kernel was last asked
  // Bytes that the function writes for answers that were seen without them: the next of them say
  // nothing of a later answer.
  size_t bells_owed_ = 0;
  bool asked_ = false;  // for a byte, when the answer is there
  bool rung_ = false;   // it has come
};

}  // namespace kiln::sandbox
