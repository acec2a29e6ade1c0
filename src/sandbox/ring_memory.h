// The engine's side of the memory that base/channel_ring.h describes: made here, sealed, mapped.
// Threading: one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/channel_frame.h"
#include "base/channel_ring.h"
#include "base/unique_fd.h"

namespace kiln::sandbox {

class RingMemory {
 public:
  // nullptr: there is no memory, address space or descriptor for it.
  static std::unique_ptr<RingMemory> make();
  ~RingMemory();
  RingMemory(const RingMemory&) = delete;

  // To be sent to the function, once.
  int descriptor() const { return memory_.get(); }
  void close_descriptor() { memory_ = UniqueFd(); }

  // False: it doesn't fit. Wakes the function.
  bool put_event(std::string_view meta, std::string_view payload);
  // Whether the answer to the last event whose turn has come stands there.
  bool answered() const;
  // Whether there is such an event whose answer was not taken.
  bool in_hand() const { return in_hand_; }

  // Puts an event behind the last one, ahead of its turn. False: it doesn't fit, or there are
  // kMostStaged. REQUIRES: an event is in hand.
  static constexpr uint32_t kMostStaged = ring::kStages - 1;
  bool stage_event(std::string_view meta, std::string_view payload);
  // Large messages are to go once no event is staged.
  bool is_over() const { return over_; }
  uint32_t staged() const { return staged_; }
  // Takes the last of them back. False: the function has taken it. REQUIRES: staged() > 0
  bool take_back();
  // It is the turn of the first; wakes the function if it has not taken it. REQUIRES: staged() > 0
  void begin_staged();
  // Whether the function has taken the first ahead of its turn: then all that it had printed before
  // was read. REQUIRES: staged() > 0
  bool first_is_taken() const;
  // Between these two the function's output is read.
  void begin_reading() { header().reads.store(++reads_); }
  void end_reading() { header().reads.store(++reads_); }
  // How many events behind the one whose turn it is the function was when it printed what has just
  // been read.
  uint32_t printed_ahead() const;

  // The loop is about to sleep and wants a byte. False: there is an answer already.
  bool ask_for_wake();
  // Takes the wish for a byte back. False: the function has seen it, and writes one.
  bool withdraw();

  struct Answer {
    FrameType type{};
    std::string meta;
    std::string body;
    bool too_large = false;    // beyond kLargestAnswer: there is no body
    uint64_t answered_at = 0;  // as the function says, in nanoseconds of the steady clock
  };
  // Copies it out. False: it is no answer. REQUIRES: answered()
  bool take_answer(Answer& out);

  // Pages of large messages stay for the next ones, a bounded number of bytes in all memories
  // together: the kernel takes longer to make and clear them than to copy what stands in them.
  bool holds_pages() const { return held_event_ + held_answer_ > 0; }
  // Lets go of them unless there was a large message since the last call. False: not yet, as an
  // event is in hand or there was one. REQUIRES: holds_pages()
  bool release_unused_pages();

 private:
  RingMemory(UniqueFd memory, char* at) : memory_(std::move(memory)), at_(at) {}
  ring::Header& header() const { return *reinterpret_cast<ring::Header*>(at_); }
  // None is beyond the last number.
  uint32_t nth_staged(uint32_t n) const { return number_ + n; }
  ring::Staged& staged(uint32_t number) const { return header().staged[number % ring::kStages]; }
  ring::Stage& stage(uint32_t number) const {
    return *reinterpret_cast<ring::Stage*>(at_ + ring::stage_place(number));
  }
  const ring::Message& answer() const {
    return in_stage_ ? stage(number_).answer : header().answer;
  }
  void begin(uint32_t number, bool wakes);

  // One of so many bytes is in an area; `held` is the most that there was.
  void note(uint64_t bytes, uint64_t& held);
  void release_pages();

  UniqueFd memory_;
  char* at_;
  uint32_t number_ = 0;    // of the last event; the function may write anything into its copy
  bool in_hand_ = false;   // an event, whose answer was not taken
  bool in_stage_ = false;  // that event, or the last one
  uint32_t staged_ = 0;    // events behind it
  uint32_t reads_ = 0;
  // Bytes of large messages, counted among those of all memories.
  uint64_t held_event_ = 0;
  uint64_t held_answer_ = 0;
  size_t faulted_in_ = 0;  // bytes of the large events' area whose pages are there
  bool large_lately_ = false;
  bool over_ = false;  // all memories hold too much: nothing stays when this event was answered
};

}  // namespace kiln::sandbox
