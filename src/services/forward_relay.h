// Passes one request of a service that Kiln doesn't have to the server that has it, and the answer
// back: bytes as they come, whatever their number, without looking at them. The header goes as it
// came (signatures stay valid), but for "Connection: close", so that the connection ends with the
// answer.
//
// Threading: the loop of the connection. The relay lives by its pending operations. What it does
// not do: TLS, keep-alive.
#pragma once

#include <memory>
#include <string>

#include "net/client_url.h"
#include "net/http_server.h"
#include "net/io_loop.h"
#include "services/classify.h"

namespace kiln::services {

// Starts relaying. `rest`: what has come after the header. When the server can't be reached, the
// client is told so in its service's own shape.
void start_relay(net::IoLoop& loop, net::TcpSocket&& client, const net::RequestHeader& header,
                 std::string&& rest, const net::ClientUrl& server, Classification&& what);

}  // namespace kiln::services
