// A JSON service whose operations ask the other APIs of this Kiln and wait for their answers.
//
// Thread-safe; operations run on the engine's worker threads. What the other APIs don't answer
// within a while is answered with 503.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "engine/engine.h"
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

  AskingService(engine::Engine& engine, Ask ask, Work work)
      : engine_(engine), ask_(std::move(ask)), work_(work) {}

  void handle(net::Request&& request, Classification&& what, Reply reply);

 private:
  engine::Engine& engine_;
  const Ask ask_;
  const Work work_;
};

}  // namespace kiln::services
