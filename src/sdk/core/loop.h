// The run loop over any transport. kiln::run() is this with the transport that the environment
// names.
//
// Threading: one thread. Ownership: borrows all.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "kiln/run.h"
#include "sdk/core/transport.h"

namespace kiln::sdk {

// Makes the handler, then serves events until shutdown. Returns the process's exit code; see
// kiln/run.h.
int run_loop(Transport& transport, const Function& function);

// The two parts of it. False: init has failed, and the transport was told.
bool init(Transport& transport, const Function& function);
int serve_loop(Transport& transport, const Function& function);
// Calls `work` as a part of init.
bool guarded(Transport& transport, const std::function<void()>& work);

// The same with several transports, each served by a thread of its own (the first by the caller's):
// the handler is made once and called by all of them at once. The first transport that is lost ends
// all, once their invocations are over.
// REQUIRES: 1 to Termination::kMaxThreads transports.
int run_loops(std::span<const std::unique_ptr<Transport>> transports, const Function& function);

}  // namespace kiln::sdk
