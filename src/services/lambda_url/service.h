// Requests to function URLs: from HTTP to an invocation and back. Signatures are not checked and
// policies not asked; but with AuthType AWS_IAM there must be a signature. Threading: handle() on a
// loop of the engine; `reply` is called on it.
#pragma once

#include <functional>
#include <string>

#include "engine/engine.h"
#include "net/http_message.h"
#include "services/driver/reply.h"

namespace kiln::services {

class FunctionUrlService {
 public:
  explicit FunctionUrlService(engine::Engine& engine) : engine_(engine) {}
  // `source_ip`: of who asks.
  void handle(net::Request&& request, std::string source_ip, Reply reply);

 private:
  engine::Engine& engine_;
};

}  // namespace kiln::services
