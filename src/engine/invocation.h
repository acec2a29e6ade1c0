// One invocation as it enters the engine and as it leaves. Values only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "model/admission.h"
#include "model/function.h"
#include "sandbox/answer_stream.h"

namespace kiln::engine {

struct InvokeRequest {
  std::string region;
  std::string function_name;
  std::string qualifier;       // "", version or alias
  std::string payload;         // valid JSON, or empty
  std::string client_context;  // decoded JSON, or empty
  std::string trace_id;        // X-Amzn-Trace-Id of the caller, or empty
  std::string request_id;      // also the x-amzn-RequestId of the answer
  bool want_log_tail = false;
  // Who takes the answer while the function writes it; null: it is given when it is whole.
  std::shared_ptr<sandbox::AnswerStream> stream = {};
};

// What a function URL's id stands for.
struct FoundUrl {
  model::FunctionPtr function;  // nullptr: no such URL
  std::string qualifier;        // alias, or "" for $LATEST; the key into Function::urls
};

struct InvokeReply {
  Error error;  // type not empty: refused before any code ran (404, 409, 429, 502 …)
  model::Throttle throttle = model::Throttle::kNone;  // why, with a 429
  std::string payload;           // what the function answered, or the error document
  bool function_error = false;   // X-Amz-Function-Error: Unhandled
  bool streamed = false;         // the answer went to the stream, as far as it came
  std::string error_type;        // of a function's error, or of a streamed answer's that broke off
  std::string executed_version;  // $LATEST or a number
  std::string log_tail;          // last 4 KiB of the invocation's log, with Tail
};

// Called exactly once, on the loop that made the request.
using InvokeDone = std::function<void(InvokeReply&&)>;

}  // namespace kiln::engine
