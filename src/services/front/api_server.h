// The HTTP server of the AWS APIs: hands each request to the router and its answer back to the
// connection.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "engine/engine.h"
#include "net/http_server.h"
#include "services/front/doors.h"
#include "services/front/router.h"

namespace kiln::services {

class ApiServer {
 public:
  explicit ApiServer(engine::Engine& engine, DoorOptions doors = {});
  ~ApiServer();

  Result<void> listen(const std::string& host, uint16_t port);
  // Deployments of stacks leave out what can't be held, whoever asks for them.
  void skip_unsupported();
  // Where functions reach this Kiln: providers of custom resources answer there.
  void set_functions_url(const std::string& url);
  uint16_t port() const { return server_.port(); }
  // Must come before the engine stops.
  void close() {
    router_.stop();
    server_.close();
  }

 private:
  Router router_;
  const Doors doors_;
  net::HttpServer server_;
};

}  // namespace kiln::services
