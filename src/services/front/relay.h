// Passes one request of a service that Kiln doesn't have to the server that has it, and the answer
// back: bytes as they come, whatever their number, without looking at them. The header goes as it
// came (signatures stay valid), but for "Connection: close", so that the connection ends with the
// answer; and so does the answer's, if the server says nothing of it.
//
// An answer that comes before all of the request was sent arrives whole: what the client still
// sends then is read, and goes nowhere.
//
// Threading: the loop of the connection, which holds the relay while it lasts. What it does not do:
// TLS, keep-alive.
#pragma once

#include <memory>
#include <string>

#include "base/unique_fd.h"
#include "net/client_url.h"
#include "net/http_server.h"
#include "net/io_loop.h"
#include "services/driver/classify.h"

namespace kiln::services {

// Starts relaying. `rest`: what has come after the header. When the server can't be reached, the
// client is told so in its service's own shape.
void start_relay(net::IoLoop& loop, UniqueFd&& client, const net::RequestHeader& header,
                 std::string&& rest, const net::ClientUrl& server, Classification&& what);

}  // namespace kiln::services
