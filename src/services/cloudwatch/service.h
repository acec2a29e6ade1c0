// CloudWatch in its three protocols: JSON 1.0, Smithy RPC v2 CBOR, and query with XML answers.
//
// Threading: handle() on any thread; operations run on the control thread, one after the other.
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"
#include "net/http_message.h"
#include "services/driver/classify.h"
#include "services/driver/reply.h"

namespace kiln::services {

class CloudWatchService {
 public:
  // REQUIRES: engine was started.
  explicit CloudWatchService(engine::Engine& engine);
  ~CloudWatchService();

  void handle(net::Request&& request, Classification&& what, Reply reply);

 private:
  static constexpr size_t kReadAtOnce = 64 * 1024;  // longer requests are read by a worker

  void read(const net::Request& request, Classification&& what, const Reply& reply);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiln::services
