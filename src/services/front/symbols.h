// POST /_kiln/symbols {"file": "/absolute/path"}: keeps a copy of a native program's symbols, which
// its stack traces are read with. Kiln's own; `kiln create` sends it. Threading: any.
#pragma once

#include "engine/engine.h"
#include "net/http_message.h"
#include "services/driver/reply.h"

namespace kiln::services {

bool is_symbols_request(const net::Request& request);
void keep_symbols(engine::Engine& engine, const net::Request& request, Reply reply);

}  // namespace kiln::services
