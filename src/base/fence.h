// A fence: what is thrown behind it ends there, as one line and a count, and not the process.
//
//   loop.post([=] { fenced("control thread", [&] { work(); }); });
//   fenced("lambda CreateFunction", [&] { reply(answer()); }, [&] { reply(internal_failure()); });
//
// It stands wherever work is handed to a thread: to an event loop, a worker, a thread of one's own.
// What the world can cause is a Result<T>, but for lack of memory; whatever else arrives here is a
// bug of Kiln's, so tests fail while internal_errors() is not 0. Any thread. Without an exception
// it costs what InHand does.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

#include "base/in_hand.h"

namespace kiln {

// What is told of work that ended for lack of memory, which is no defect.
inline constexpr std::string_view kNoMemory =
    "there is no memory for it; let less run at a time, or raise the limit of memory (ulimit -v)";

namespace internal {
// Counts and tells the exception that is being handled. REQUIRES: called while one is.
void fence_caught(std::string_view where) noexcept;
}  // namespace internal

// Runs `work`. Whether it ended without an exception. `where` names the thread or the operation.
template <class Work>
bool fenced(std::string_view where, Work&& work) noexcept {
  const InHand working(where);
  try {
    std::forward<Work>(work)();
    return true;
  } catch (...) {
    internal::fence_caught(where);
    return false;
  }
}

// The same; `otherwise` answers whoever waits for the work that failed. It runs behind the fence.
template <class Work, class Otherwise>
bool fenced(std::string_view where, Work&& work, Otherwise&& otherwise) noexcept {
  if (fenced(where, std::forward<Work>(work))) return true;
  fenced(where, std::forward<Otherwise>(otherwise));
  return false;
}

// How many exceptions have ended at a fence of this process, and defects were noted.
uint64_t internal_errors();

// A defect of Kiln's that is no exception, such as a request that nobody answered.
void note_internal_error(std::string_view where, std::string_view what) noexcept;

// Who tells them to the user: `what` is the exception's text. Empty, as at the start: a line on
// stderr. Returns the one before. It may be called on any thread, several at a time.
using FenceListener = std::function<void(std::string_view where, std::string_view what)>;
FenceListener set_fence_listener(FenceListener listener);

}  // namespace kiln
