// SNS, in the query protocol: topics, subscriptions, publishing.
//
// Threading: handle() on any thread; operations run on the control thread, one after the other.
#pragma once

#include "engine/engine.h"
#include "net/http_message.h"
#include "services/driver/classify.h"
#include "services/driver/reply.h"

namespace kiln::services {

class SnsService {
 public:
  // REQUIRES: engine was started.
  explicit SnsService(engine::Engine& engine) : engine_(engine) {}

  void handle(net::Request&& request, Classification&& what, Reply reply);

 private:
  engine::Engine& engine_;
};

}  // namespace kiln::services
