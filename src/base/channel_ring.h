// Shared memory between the engine and a function that is built on the SDK or runs in Python: one
// event out and one answer back, without a system call for either. It upgrades the direct channel
// (base/channel_frame.h):
//
//   function → engine   kReady with the meta kRingOffer, or kOldRingOffer
//   engine → function   kRing, and with it the descriptor of the memory; or an event, as before
//
// From then on events and answers stand in the memory. The socket stays, and carries single bytes
// that wake the engine when it sleeps; the function sleeps on the futex `event.number`.
//
// Staged events. While others wait for this function, the engine may put the next events into
// stages ahead of time, so that a function that has answered takes the next without sleeping and
// being woken. It takes one only as long as all that it has printed was read: what stands in the
// output's pipe is then of one event alone. `reads` is odd while the engine reads the pipe, so that
// both know which of a reading and a taking came first. The engine gives an event that it has
// staged its turn by `event.number`, as any other, whether it was taken or not; and takes back what
// was not taken by emptying the stage. Who offers kOldRingOffer knows no stages.
//
// Each side takes the other for hostile: it reads a number once, checks it, and copies before it
// looks at content. The memory can't be resized by either (it is sealed), so that no access faults.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace kiln::ring {

inline constexpr char kRingOffer[] = "ring 2";
inline constexpr char kOldRingOffer[] = "ring 1";

// One direction. The message stands in the first page when it is small, else in the large area.
struct Message {
  std::atomic<uint32_t> number{0};  // which message this is; written last
  std::atomic<uint32_t> type{0};    // FrameType
  std::atomic<uint32_t> meta_size{0};
  std::atomic<uint32_t> reserved{0};
  std::atomic<uint64_t> body_size{0};
};

// An event may stand in a stage ahead of its turn, with its answer unless that is large; in which
// one follows from its number.
inline constexpr uint32_t kStages = 8;
inline constexpr uint32_t kTaken = 1U << 31;
// The number behind another. They go round, and none is 0.
inline constexpr uint32_t kLastNumber = (1U << 31) - 1;
inline constexpr uint32_t after(uint32_t number) { return number >= kLastNumber ? 1 : number + 1; }
struct Staged {
  // The event's number, and kTaken once the function has taken it; 0: there is none.
  std::atomic<uint32_t> event{0};
  // `reads` when the function took it.
  std::atomic<uint32_t> taken_at{0};
};

struct Header {
  alignas(64) Message event;
  // The function waits, or is about to: it wants a FUTEX_WAKE.
  std::atomic<uint32_t> function_sleeps{0};
  alignas(64) Message answer;
  // The engine's loop waits, or is about to: it wants a byte through the socket.
  std::atomic<uint32_t> engine_sleeps{0};
  // When it was answered, in nanoseconds of CLOCK_MONOTONIC.
  std::atomic<uint64_t> answered_at{0};
  alignas(64) Staged staged[kStages];
  // Times that the engine has begun or ended to read the function's output.
  std::atomic<uint32_t> reads{0};
};
static_assert(std::atomic<uint64_t>::is_always_lock_free && sizeof(Header) <= 256);

// Begins a stage's page; the messages follow as in the first page.
struct Stage {
  alignas(64) Message event;
  alignas(64) Message answer;
  std::atomic<uint64_t> answered_at{0};
};
static_assert(sizeof(Stage) <= 256);

// A larger answer is refused: its size stands in the message, its bytes don't.
inline constexpr uint64_t kLargestAnswer = 6'291'556;

// SIGTERM sets this bit of event.number, so that a wait for it ends.
inline constexpr uint32_t kStopBit = 1U << 31;

inline constexpr size_t kPage = 4096;
inline constexpr size_t kSmall = 1'920;  // meta and body together
inline constexpr size_t kSmallEvent = 256;
inline constexpr size_t kSmallAnswer = kSmallEvent + kSmall;
static_assert(kSmallAnswer + kSmall == kPage);
// Pages exist once they are written.
inline constexpr size_t kLarge = 32 * 1024 * 1024;
inline constexpr size_t kLargeEvent = kPage;
inline constexpr size_t kLargeAnswer = kPage + kLarge;
inline constexpr size_t kOldSize = kPage + 2 * kLarge;

// The stages' pages, which exist once they are used.
inline constexpr size_t kSize = kOldSize + kStages * kPage;
inline constexpr size_t stage_place(uint32_t number) {
  return kOldSize + (number % kStages) * kPage;
}

// Where a message of so many bytes begins.
inline size_t place(bool event, uint64_t bytes) {
  if (bytes <= kSmall) return event ? kSmallEvent : kSmallAnswer;
  return event ? kLargeEvent : kLargeAnswer;
}

// Whoever is about to write so many bytes at the beginning of a large area gets their pages in one
// call, as each that is missing would cost a fault. `there`: so many bytes have theirs. Where the
// kernel doesn't know it, or has no memory, the writing finds out.
inline void fault_in(char* area, size_t bytes, size_t& there) {
  if (bytes <= there || bytes <= kSmall) return;
  ::madvise(area, bytes, MADV_POPULATE_WRITE);
  there = bytes;
}

}  // namespace kiln::ring
