// Application Auto Scaling, in JSON 1.1.
//
// Threading: handle() on any thread; operations run on the control thread, one after the other.
#pragma once

#include <string>

#include "engine/engine.h"
#include "net/http_message.h"
#include "services/driver/reply.h"

namespace kiln::services {

class AutoScalingService {
 public:
  // REQUIRES: engine was started.
  explicit AutoScalingService(engine::Engine& engine) : engine_(engine) {}

  void handle(net::Request&& request, const std::string& operation, Reply reply);

 private:
  engine::Engine& engine_;
};

}  // namespace kiln::services
