// GET /_kiln/runtimes: {"python": "python3.11", "nodejs": "nodejs20.x", "remarks": {…}}, the newest
// runtime of each language that an interpreter of its own version runs on this machine; a language
// without one is left out. The remarks say of each runtime without one what runs it instead. Kiln's
// own; `kiln create` and `kiln deploy` ask. Threading: any.
#pragma once

#include "engine/engine.h"
#include "net/http_message.h"
#include "services/driver/reply.h"

namespace kiln::services {

bool is_runtimes_request(const net::Request& request);
void tell_runtimes(engine::Engine& engine, Reply reply);

}  // namespace kiln::services
