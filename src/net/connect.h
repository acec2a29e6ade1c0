// Connects to a TCP server by name and port, without waiting: the name is looked up and each of its
// addresses tried.
//
// Threading: connect() from the loop's thread; `done` is called once on it, later. A loop that goes
// drops it uncalled.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/unique_function.h"
#include "net/io_loop.h"

namespace kiln::net {

// The error's message is the system's own: "Connection refused".
void connect(IoLoop& loop, const std::string& host, const std::string& port,
             UniqueFunction<void(Result<UniqueFd>)> done);

}  // namespace kiln::net
