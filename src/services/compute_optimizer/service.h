// AWS Compute Optimizer over JSON 1.0: what `kiln advise` says of the memory of functions.
//
// Thread-safe. Simulations take their time: a thread of this service's own works them off, which
// the first request starts. It asks the other APIs of this process, as any client would; stop()
// must come before the engine ends.
#pragma once

#include <atomic>
#include <functional>
#include <nlohmann/json.hpp>
#include <queue>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "engine/engine.h"
#include "net/http_message.h"
#include "services/driver/reply.h"

namespace kiln::services {

class ComputeOptimizerService {
 public:
  // How the other APIs of this Kiln are asked.
  using Ask = std::function<void(net::Request&& request, Reply reply)>;

  ComputeOptimizerService(engine::Engine& engine, Ask ask)
      : engine_(engine), ask_(std::move(ask)) {}
  ~ComputeOptimizerService() { stop(); }

  void handle(net::Request&& request, const std::string& operation, Reply reply);
  void stop();

 private:
  Result<nlohmann::json> run(const std::string& operation, const nlohmann::json& input,
                             const std::string& region);
  Result<nlohmann::json> recommend(const nlohmann::json& input, const std::string& region);
  void work();

  engine::Engine& engine_;
  const Ask ask_;
  Mutex mutex_;
  Condition changed_;
  std::queue<std::function<void()>> tasks_ KILN_GUARDED_BY(mutex_);
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace kiln::services
