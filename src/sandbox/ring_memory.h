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
  // Whether the answer to the last event stands there.
  bool answered() const;
  // The loop is about to sleep and wants a byte. False: there is an answer already.
  bool ask_for_wake();
  // Takes the wish for a byte back. False: the function has seen it, and writes one.
  bool withdraw();

  struct Answer {
    FrameType type{};
    std::string meta;
    std::string body;
    bool too_large = false;  // beyond kLargestAnswer: there is no body
  };
  // Copies it out. False: it is no answer. REQUIRES: answered()
  bool take_answer(Answer& out);

  // Pages of large messages stay for the next ones, a bounded number of bytes in all memories
  // together: the kernel takes longer to make and clear them than to copy what stands in them.
  bool holds_pages() const { return held_ > 0; }
  // Lets go of them unless there was a large message since the last call. False: not yet, as an
  // event is in hand or there was one. REQUIRES: holds_pages()
  bool release_unused_pages();

 private:
  RingMemory(UniqueFd memory, char* at) : memory_(std::move(memory)), at_(at) {}
  ring::Header& header() const { return *reinterpret_cast<ring::Header*>(at_); }

  UniqueFd memory_;
  char* at_;
  void release_pages();
  void used(uint64_t bytes);

  uint32_t number_ = 0;   // of the last event; the function may write anything into its copy
  bool in_hand_ = false;  // an event, whose answer was not taken
  uint64_t used_ = 0;     // in the large areas by the event and its answer; 0: neither is large
  uint64_t held_ = 0;     // counted among the bytes of all memories
  bool large_lately_ = false;
};

}  // namespace kiln::sandbox
