// The one thread that runs Asio: for what is not hot and what Asio has and the loops don't, name
// look-ups and TLS. Started by the first use, and goes with the process.
#pragma once

#include <boost/asio/io_context.hpp>

#include "base/result.h"

namespace kiln::net {

// Thread-safe. Error: the machine gives no thread; the next call tries again.
Result<boost::asio::io_context*> asio_thread();

}  // namespace kiln::net
