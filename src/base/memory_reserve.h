// Memory that is held back for small needs. Where a machine or a limit (ulimit -v) gives no more, a
// large request fails as ever, with std::bad_alloc; but small pieces come from the reserve for a
// while, so that the request can be refused, its answer sent, and what it has built up destroyed:
// destructors that need memory (the JSON library's are such) would end the process otherwise.
//
// `operator new` (operator_new.cc) takes from it, malloc doesn't. Thread-safe. Cost: address space,
// and no memory before it is used.
#pragma once

#include <cstdint>

namespace kiln {

// Takes what is missing of the reserve, as far as there is memory. None is held before the first
// call.
void hold_memory_reserve() noexcept;
// Whether some of it was used: a call of the above is due. A look at one word.
bool is_memory_reserve_short() noexcept;
// How often `operator new` has had no memory to give: where this number grew meanwhile, what was
// dropped was dropped for that.
uint64_t memory_refusals() noexcept;
void note_memory_refusal() noexcept;
// Gives a part of it to whoever asks the C library for memory next. False: there is none.
bool spend_memory_reserve() noexcept;

// Of the C library: as few heaps as suit so many event loops. Each heap keeps what was once used
// there, and takes 64 MiB of address space. REQUIRES: the process has one thread.
void limit_heaps(int loops) noexcept;
// Gives back to the machine what the heaps hold and nobody uses, where that is much. Cost: some
// milliseconds in which each heap waits in its turn. One thread at a time.
void give_back_memory() noexcept;

}  // namespace kiln
