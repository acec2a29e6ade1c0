// CloudWatch Logs over JSON 1.1: groups, streams, retention and tags; events put, read and
// searched.
//
// Threading: handle() and sweep() on any thread. Files are read on a worker of the engine; groups
// and streams change on its control thread. Either one replies.
#pragma once

#include <string>

#include "base/clock.h"
#include "engine/engine.h"
#include "logs/groups.h"
#include "logs/resource_policies.h"
#include "net/http_message.h"
#include "services/driver/reply.h"

namespace kiln::services {

class LogsService {
 public:
  // REQUIRES: engine was started.
  explicit LogsService(engine::Engine& engine);

  void handle(net::Request&& request, const std::string& operation, Reply reply);
  // Removes the events that their group's retention has passed: a few times a day is enough, as
  // answers leave them out at once.
  void sweep(WallTime now);

 private:
  engine::Engine& engine_;
  logs::LogGroups groups_;
  logs::ResourcePolicies policies_;
};

}  // namespace kiln::services
