// What each of Kiln's threads does first, besides its own work. A thread begins with what belongs
// to the thread that starts it (its group of processors, for one), which need not be right for it.
//
//   std::thread([this] { begin_thread(); work(); });
//
// Thread-safe.
#pragma once

namespace kiln {

// `first` stands for the rest of the process, and must not throw.
void set_thread_start(void (*first)());
void begin_thread();

}  // namespace kiln
