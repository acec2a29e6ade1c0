// The function's side of the memory that base/channel_ring.h describes: it takes events there and
// answers them. The SDK's transport uses it, and the bootstraps of managed runtimes.
//
//   ChannelMemory memory;
//   memory.reserve();                        // before the engine is told that one knows memory
//   receive_with_descriptor(socket, …);      // what the engine answers kReady with
//   memory.map(descriptor);
//   while (memory.wait() == ChannelMemory::Woke::kEvent && memory.take_event(meta, payload))
//     memory.answer(FrameType::kResult, meta_of_it, its_answer, socket);
//
// Threading: one thread. Nothing throws. Cost: no system call while the other side is awake; one
// for an event that is taken ahead of its turn.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/channel_frame.h"
#include "base/unique_fd.h"

namespace kiln::sdk {

class ChannelMemory {
 public:
  // `output`: the pipe that what the function prints goes into.
  explicit ChannelMemory(int output = STDOUT_FILENO) : output_(output) {}
  ~ChannelMemory();
  ChannelMemory(const ChannelMemory&) = delete;

  // Takes the addresses. False: there are not so many for it.
  bool reserve();
  // Puts the memory there. REQUIRES: reserve()
  bool map(int descriptor);
  bool mapped() const { return mapped_; }

  // Puts memory of its own there, with a small event in it. Whoever takes and answers that has its
  // own pages by the time that an event comes for which somebody waits. Then map(), or as without.
  // REQUIRES: reserve()
  bool begin_rehearsal(std::string_view meta, std::string_view payload);
  void end_rehearsal();

  // Changes when there is an event; its highest bit stands for SIGTERM.
  std::atomic<uint32_t>& bell() const;
  enum class Woke { kEvent, kStop, kInterrupted };
  // Whether there is one to be taken, without waiting. It is this side's from then on.
  bool has_event();
  // kInterrupted: by a signal; ask again.
  Woke wait();
  // Takes it: views into the memory, until it is answered. False: it is no event.
  // REQUIRES: has_event(), or kEvent of wait().
  bool take_event(std::string_view& meta, std::string_view& payload);
  // Answers the event that was taken last. Writes a byte to `socket` when the engine sleeps.
  void answer(FrameType type, std::string_view meta, std::string_view body, int socket);

 private:
  bool take_ahead();
  bool output_is_read() const;

  int output_;
  char* at_ = nullptr;  // ring::kSize bytes
  bool mapped_ = false;
  bool rehearses_ = false;     // then there is the first page alone
  uint32_t number_ = 0;        // of the event in hand, or the last one
  bool has_next_ = false;      // the one behind it is this side's
  bool in_stage_ = false;      // the one in hand, or the last one
  size_t faulted_in_ = 0;      // bytes of the large answers' area whose pages were there once
  bool large_answer_ = false;  // the last one: its area is in use until the next event's turn
};

// recvmsg(2) of at most `size` bytes, and of the one descriptor that may come with them. -1: errno.
ssize_t receive_with_descriptor(int socket, char* data, size_t size, UniqueFd& descriptor);

}  // namespace kiln::sdk
