// A reply that comes, once: where a request is dropped without an answer, because what worked on it
// threw or forgot it, its caller gets the service's own 500 instead of waiting for ever.
//
//   reply = with_answer(std::move(reply), request, what, stopping_);
//
// Thread-safe. One allocation for each request.
#pragma once

#include <atomic>
#include <memory>

#include "services/driver/classify.h"
#include "services/driver/reply.h"

namespace kiln::services {

// `stopping`: the engine goes down, so that nobody answers what is dropped.
Reply with_answer(Reply reply, const net::Request& request, const Classification& what,
                  std::shared_ptr<const std::atomic<bool>> stopping);

}  // namespace kiln::services
