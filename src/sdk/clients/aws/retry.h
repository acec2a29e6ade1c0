// Which failures are worth another attempt, and how long to wait before it. <kiln/aws.h> states the
// rule.
//
// Pure functions; any thread.
#pragma once

#include <chrono>
#include <string_view>

#include "kiln/http.h"

namespace kiln::aws {

// kTwice: doing it again does no harm. kOnce: only when it was surely not done.
enum class Repeat { kTwice, kOnce };

bool is_throttle(int status, std::string_view code);
bool worth_retry(int status, std::string_view code, Repeat repeat);
bool worth_retry(http::Error::Kind kind, Repeat repeat);

// `retry` 1 for the first; `part` from 0 to 1, random.
std::chrono::milliseconds backoff(int retry, double part);

}  // namespace kiln::aws
