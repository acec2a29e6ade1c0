// The CloudFormation API. Requests are worked on by a thread of this service's own; those that read
// templates, and may have to fetch some first, by others, so that a slow server holds up no one who
// only looks. Deployments have theirs, and call the other APIs as any client would.
//
// Thread-safe. stop() interrupts what is under way and must come before the engine ends.
#pragma once

#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "base/worker_pool.h"
#include "engine/engine.h"
#include "services/cloudformation/operations.h"
#include "services/cloudformation/provider_calls.h"
#include "services/driver/classify.h"
#include "services/driver/reply.h"
#include "stack/stack_book.h"

namespace kiln::services {

class CloudFormationService {
 public:
  // In answers about templates with problems: all of them, each with its place.
  static constexpr const char* kProblemsHeader = "X-Kiln-Problems";

  static constexpr size_t kMaxReaders = 16;  // of templates, at a time

  // How stacks reach the other APIs of this Kiln.
  using Ask = std::function<void(net::Request&& request, Reply reply)>;

  CloudFormationService(engine::Engine& engine, Ask ask);
  ~CloudFormationService();

  void handle(net::Request&& request, Classification&& what, Reply reply);
  void stop();
  // As StackBook's.
  void skip_unsupported() { book_->skip_unsupported(); }
  // "http://HOST:PORT", for the answers of custom resources' providers.
  void set_functions_url(const std::string& url);

 private:
  class ControlledState;

  stack::AwsApi api(const std::string& region) const;
  void work();
  // The answer of a custom resource's provider.
  void take_response(const net::Request& request, const Reply& reply);

  engine::Engine& engine_;
  const Ask ask_;
  std::unique_ptr<ControlledState> state_;
  ProviderCalls provider_calls_;
  std::unique_ptr<stack::StackBook> book_;
  mutable Mutex mutex_;
  Condition changed_;
  std::string host_ KILN_GUARDED_BY(mutex_) =
      "localhost";  // where clients reach this Kiln, as the last one said
  std::string functions_url_ KILN_GUARDED_BY(mutex_);
  struct Task {
    std::function<void()> work;
    Reply reply;  // which `work` gives
  };
  std::queue<Task> tasks_ KILN_GUARDED_BY(mutex_);
  bool stopping_ KILN_GUARDED_BY(mutex_) = false;
  std::thread thread_;
  WorkerPool readers_{{"templates", 0, kMaxReaders}};
};

}  // namespace kiln::services
