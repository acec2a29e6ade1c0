// What a function prints: stdout is a pipe, which the C library fills before it passes anything on,
// and a frozen or killed environment never comes round to that. So lines go out as they end, and
// the rest after each event and when the program ends for want of a handler for an exception.
//
// Threading: any. Cost: a few ns for an event that printed nothing.
#pragma once

namespace kiln::sdk {

// Once, before the first event: stdout by lines, and std::terminate flushes.
void install_output();
// stdout, and std::cout where the program uses it and has unhooked it from stdout.
void flush_output();

}  // namespace kiln::sdk
