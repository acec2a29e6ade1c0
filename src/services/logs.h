// CloudWatch Logs: reading what the functions wrote. JSON 1.1, operations DescribeLogGroups,
// DescribeLogStreams, GetLogEvents and FilterLogEvents.
//
// Threading: handle() on any thread; the files are read on a worker of the engine, which also
// replies.
#pragma once

#include <string>

#include "engine/engine.h"
#include "net/http_message.h"
#include "services/reply.h"

namespace kiln::services {

class LogsService {
 public:
  explicit LogsService(engine::Engine& engine) : engine_(engine) {}

  void handle(net::Request&& request, const std::string& operation, Reply reply);

 private:
  engine::Engine& engine_;
};

}  // namespace kiln::services
