// The run loop over any transport. kiln::run() is this with the transport that the environment
// names.
//
// Threading: one thread. Ownership: borrows both.
#pragma once

#include "kiln/run.h"
#include "sdk/transport.h"

namespace kiln::sdk {

// Makes the handler, then serves events until shutdown. Returns the process's exit code; see
// kiln/run.h.
int run_loop(Transport& transport, const Function& function);

}  // namespace kiln::sdk
