// Requests that are tried only, by the header `X-Kiln-Effects: none`: a stack's plan asks the APIs
// themselves whether they would take what the deployment will send.
//
// The answer is the operation's error, or engine::kNotKept where the request is right. Pure;
// thread-safe.
#pragma once

#include <string>

#include "engine/engine.h"
#include "net/http_message.h"

namespace kiln::services {

struct Classification;

inline constexpr const char* kEffectsHeader = "X-Kiln-Effects";

inline engine::Effects effects_of(const net::Request& request) {
  return net::field(request, kEffectsHeader) == "none" ? engine::Effects::kNone
                                                       : engine::Effects::kReal;
}

// Whether the operation ends where it would keep something; others must not be tried.
bool can_be_tried(const Classification& what, const net::Request& request);

// What the operation answers when it would be done.
Error not_kept();

}  // namespace kiln::services
