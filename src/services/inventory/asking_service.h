// A JSON service whose operations ask the other APIs of this Kiln and wait for their answers.
//
// Thread-safe. Operations run on threads of their own: what they ask needs the engine's workers, so
// some operations that waited on these would wait for each other. What the other APIs don't answer
// within a while is answered with 503. stop() must come before the engine ends.
#pragma once

#include <atomic>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "base/worker_pool.h"
#include "net/http_message.h"
#include "services/driver/classify.h"
#include "services/driver/reply.h"
#include "stack/aws_api.h"

namespace kiln::services {

class AskingService {
 public:
  using Ask = std::function<void(net::Request&& request, Reply reply)>;
  using Work = Result<nlohmann::json> (*)(const std::string& operation, const nlohmann::json& input,
                                          const stack::AwsApi& api);

  AskingService(Ask ask, Work work) : ask_(std::move(ask)), work_(work) {}

  void handle(net::Request&& request, Classification&& what, Reply reply);
  void stop();

 private:
  static constexpr size_t kMostAtOnce = 4;

  const Ask ask_;
  const Work work_;
  std::atomic<bool> stopping_ = false;
  WorkerPool threads_{{"asking", 0, kMostAtOnce}};
};

}  // namespace kiln::services
