// The HTTP Runtime API (2018-06-01) and Extensions API (2020-01-01) of all sandboxes of one loop:
// one listener, and a loopback address of its own for each sandbox (127.x.y.z), which says who is
// calling.
//
// Only one connection of a sandbox may send a large answer, and only to the request in hand. For
// the room of large requests (net/body_room.h) each sandbox is a group of its own.
//
// A sandbox that guesses another's address is refused: the caller's uid must be the one given at
// registration. Threading: its loop only, but for port().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/http_server.h"
#include "sandbox/extensions.h"
#include "sandbox/runtime_port.h"

namespace kiln::sandbox {

class RuntimeApi {
 public:
  explicit RuntimeApi(net::IoLoop& loop);
  ~RuntimeApi();

  Result<void> listen();

  // An address for `port`'s runtime: the value of AWS_LAMBDA_RUNTIME_API. `uid`: who may call.
  struct Address {
    uint32_t ipv4 = 0;
    std::string text;  // 127.x.y.z:PORT
  };
  Address add(RuntimePort& port, uint32_t uid, const Extensions::Function& function = {});
  void remove(const Address& address);
  // Who calls at this address; nullptr: nobody any more.
  RuntimePort* find(uint32_t ipv4) const;
  // What has registered there. Valid until its address is removed.
  Extensions* extensions_of(uint32_t ipv4) const;

  net::ConnectionCounts connections() const { return server_.connections(); }  // any thread

  void close();

 private:
  class ApiSession;
  class PacedParts;
  struct Entry {
    RuntimePort* port;
    uint32_t uid;
    std::unique_ptr<Extensions> extensions;
    std::vector<ApiSession*> sessions;  // by age
  };
  static bool make_room(Entry& entry);
  bool takes_large(uint32_t ipv4) const;
  void drop_unread(uint32_t ipv4, const ApiSession& asks);

  net::IoLoop& loop_;
  std::unordered_map<uint32_t, Entry> entries_;
  net::HttpServer server_;
};

}  // namespace kiln::sandbox
