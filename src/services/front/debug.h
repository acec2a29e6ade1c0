// What `kiln debug` and `kiln ps` ask for; Kiln's own, AWS has nothing like it.
//
//   GET    /_kiln/environments               every execution environment: version, phase, process
//   DELETE /_kiln/environments/NAME          ends those of a function, which may be deleted
//                                            already. What they are at work on is answered with an
//                                            error and has no END and REPORT; provisioned ones
//                                            start anew
//   POST   /_kiln/debug/NAME[?Qualifier=…]   {"port", "wait", "each", "profile"}: starts an
//                                            environment under a debugger (or a profiler) and says
//                                            where it listens (or writes)
//   DELETE /_kiln/debug/NAME                 ends it
//
// Threading: handle() on any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "engine/engine.h"
#include "net/http_message.h"
#include "services/driver/reply.h"

namespace kiln::services {

nlohmann::json environments_document(std::vector<engine::EnvironmentStatus> environments);
// What a debugger must know to attach.
nlohmann::json debug_document(const model::FunctionConfig& config,
                              const engine::DebugLaunch& launch, const std::string& task_root);

class DebugService {
 public:
  explicit DebugService(engine::Engine& engine) : engine_(engine) {}

  void handle(const net::Request& request, Reply reply);

 private:
  void list(Reply reply);
  void end(const net::Request& request, const std::string& name, Reply reply);
  void start(const net::Request& request, const std::string& name, const std::string& qualifier,
             Reply reply);
  void stop(const net::Request& request, const std::string& name, Reply reply);

  engine::Engine& engine_;
};

}  // namespace kiln::services
