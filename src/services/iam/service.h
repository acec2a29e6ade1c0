// IAM over the query protocol: roles and policies are recorded and given back. Nothing in Kiln asks
// whether somebody may do something.
//
// Threading: handle() on any thread; operations run on the control thread, one after the other.
#pragma once

#include "engine/engine.h"
#include "net/http_message.h"
#include "services/driver/classify.h"
#include "services/driver/reply.h"
#include "services/iam/book.h"
#include "services/iam/caller.h"

namespace kiln::services {

class IamService {
 public:
  // REQUIRES: engine was started.
  explicit IamService(engine::Engine& engine);

  void handle(net::Request&& request, Classification&& what, IamCaller caller, Reply reply);
  // Thread-safe.
  const RoleIds& role_ids() const { return book_.role_ids(); }

 private:
  engine::Engine& engine_;
  IamBook book_;
};

}  // namespace kiln::services
