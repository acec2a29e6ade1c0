// How a service answers: called exactly once, on any thread.
#pragma once

#include <functional>

#include "net/http_message.h"

namespace kiln::services {

using Reply = std::function<void(net::Response&&)>;

}  // namespace kiln::services
