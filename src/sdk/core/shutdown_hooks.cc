// on_shutdown(), and the extension that it takes.
//
// Lambda kills an environment without a word unless an extension has registered in it. So the first
// hook makes the loop register one before its first event, without events of its own, as the
// runtimes of Go and Rust do. A function without hooks doesn't link this file.
#include <cstdlib>
#include <string>
#include <utility>

#include "kiln/log.h"
#include "kiln/run.h"
#include "sdk/core/byte_buffer.h"
#include "sdk/core/http_response.h"
#include "sdk/core/http_transport.h"
#include "sdk/core/socket_io.h"
#include "sdk/core/termination.h"

namespace kiln {
namespace sdk {
namespace {

constexpr size_t kReadSize = 4096;

bool send_text(int fd, std::string& text) {
  iovec parts[1] = {{text.data(), text.size()}};
  return send_all(fd, parts);
}

// The id that the Extensions API gives; "" where it refuses.
std::string register_one(int fd, const std::string& host) {
  std::string request = "POST /2020-01-01/extension/register HTTP/1.1\r\nHost: " + host +
                        "\r\nLambda-Extension-Name: kiln-shutdown-hooks\r\n"
                        "Content-Type: application/json\r\nContent-Length: 13\r\n\r\n"
                        R"({"events":[]})";
  if (!send_text(fd, request)) return {};
  ByteBuffer buffer;
  HttpResponse response;
  HttpResponse::State state = HttpResponse::State::kMore;
  while (state == HttpResponse::State::kMore) {
    const auto room = buffer.room(kReadSize);
    const ssize_t got = receive(fd, room.data(), room.size());
    if (got <= 0) return {};
    buffer.filled(static_cast<size_t>(got));
    state = response.advance(buffer.bytes());
  }
  if (state != HttpResponse::State::kDone || response.status() != 200) return {};
  return std::string(response.header(buffer.view(), HttpResponse::kExtensionId));
}

// An init ends when each extension has asked for its next event; this one gets none, so nobody
// reads from the connection again. It stays open as long as the process lives.
void register_extension() {
  const char* address = std::getenv("AWS_LAMBDA_RUNTIME_API");
  const auto endpoint = address ? Endpoint::parse(address) : std::nullopt;
  if (!endpoint) return;
  static UniqueFd connection;
  connection = endpoint->connect();
  const std::string id = connection ? register_one(connection.get(), endpoint->host) : "";
  std::string next = "GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: " + endpoint->host +
                     "\r\nLambda-Extension-Identifier: " + id + "\r\n\r\n";
  if (!id.empty() && send_text(connection.get(), next)) return;
  connection.reset();
  log::warn("shutdown hooks may not run: the Extensions API takes no registration");
}

}  // namespace
}  // namespace sdk

void on_shutdown(std::function<void()> hook) {
  sdk::Termination::add_hook(std::move(hook));
  sdk::Termination::before_first_event(&sdk::register_extension);
}

}  // namespace kiln
