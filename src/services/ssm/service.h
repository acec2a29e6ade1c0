// AWS Systems Manager's Parameter Store over JSON 1.1.
//
// Threading: handle() on any thread; parameters are read and changed on the engine's control
// thread, which replies. parameters() may be read on any thread.
#pragma once

#include <string>

#include "engine/engine.h"
#include "net/http_message.h"
#include "services/driver/reply.h"
#include "services/ssm/parameters.h"

namespace kiln::services {

class SsmService {
 public:
  // REQUIRES: engine was started.
  explicit SsmService(engine::Engine& engine);

  void handle(net::Request&& request, const std::string& operation, Reply reply);
  const SsmParameters& parameters() const { return parameters_; }

 private:
  engine::Engine& engine_;
  SsmParameters parameters_;
};

}  // namespace kiln::services
