// The Lambda API: finds the operation that a method and a path name, and runs it where it belongs:
// an invocation at once on this loop, a change on the control thread, after a worker has unpacked
// its code. Threading: handle() on a loop; `reply` is called from any thread.
#pragma once

#include "base/vpc_policy.h"
#include "base/worker_pool.h"
#include "engine/engine.h"
#include "net/http_message.h"
#include "services/driver/reply.h"
#include "services/lambda/invoke.h"

namespace kiln::services {

class LambdaService {
 public:
  explicit LambdaService(engine::Engine& engine) : engine_(engine) {}
  void handle(net::Request&& request, Reply reply);
  // Before the engine stops: waits for downloads that are under way.
  void stop() { downloads_.join(); }

 private:
  static constexpr size_t kMostDownloads = 32;  // at a time; the others wait

  void invoke(net::Request&& request, std::string_view function, InvokeForm form, Reply reply);
  void send_code(const std::string& key, Reply reply);

  void collect_code();  // control thread

  engine::Engine& engine_;
  const VpcPolicy vpc_ = vpc_policy();
  WorkerPool downloads_{{"download", 0, kMostDownloads}};
};

}  // namespace kiln::services
