// The CloudFormation API. Reading and planning templates takes its time, so that requests are
// worked on by a thread of this service's own; deployments have theirs, and call the other APIs as
// any client would.
//
// Thread-safe. stop() interrupts what is under way and must come before the engine ends.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <string>
#include <thread>

#include "engine/engine.h"
#include "services/classify.h"
#include "services/cloudformation_operations.h"
#include "services/reply.h"
#include "stack/stack_book.h"

namespace kiln::services {

class CloudFormationService {
 public:
  // How stacks reach the other APIs of this Kiln.
  using Ask = std::function<void(net::Request&& request, Reply reply)>;

  CloudFormationService(engine::Engine& engine, Ask ask);
  ~CloudFormationService();

  void handle(net::Request&& request, Classification&& what, Reply reply);
  void stop();

 private:
  class ControlledState;

  stack::AwsApi api(const std::string& region) const;
  void work();

  engine::Engine& engine_;
  const Ask ask_;
  std::unique_ptr<ControlledState> state_;
  std::unique_ptr<stack::StackBook> book_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string host_ = "localhost";  // where clients reach this Kiln, as the last one said
  std::queue<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace kiln::services
