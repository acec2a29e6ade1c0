// Requests that are tried only, by the header `X-Kiln-Effects: none`: a stack's plan asks the APIs
// themselves whether they would take what the deployment will send.
//
// The answer is the operation's error, or base/trial.h's where the request is valid. Pure;
// thread-safe.
#pragma once

#include "base/trial.h"
#include "engine/engine.h"
#include "net/http_message.h"

namespace kiln::services {

struct Classification;

inline engine::Effects effects_of(const net::Request& request) {
  return net::field(request, trial::kEffectsHeader) == trial::kNoEffects ? engine::Effects::kNone
                                                                         : engine::Effects::kReal;
}

// Whether the operation ends where it would keep something; others must not be tried.
bool can_be_tried(const Classification& what, const net::Request& request);

}  // namespace kiln::services
