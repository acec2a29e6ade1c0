// What each thread has in hand, for the report of a crash and for the names of errors: the
// operation, never what its caller sent.
//
//   const InHand working("PUT /bucket/key");
//   log(in_hand());                            // "PUT /bucket/key"
//
// The text is copied, and cut at kBytes. Taking something in hand costs a copy of these bytes and
// no lock. A thread that had something in hand once also gets a stack for the handlers of its
// faults, so that an overflow of its own is told, too.
#pragma once

#include <cstddef>
#include <string_view>

namespace kiln {

class InHand {
 public:
  static constexpr size_t kBytes = 95;
  static constexpr size_t kMostThreads = 512;  // more are not told of
  static constexpr size_t kMostNested = 4;     // of each thread; more are counted only

  explicit InHand(std::string_view what) noexcept;
  ~InHand();
  InHand(const InHand&) = delete;
  InHand& operator=(const InHand&) = delete;
};

// The newest of this thread; "" for none. The view ends with what it names.
std::string_view in_hand() noexcept;

// A line for each thread that has something in hand: "loop-0: the router > POST /x". To be called
// by the handler of a fault: allocates nothing, takes no lock.
void write_in_hand(int fd) noexcept;

}  // namespace kiln
