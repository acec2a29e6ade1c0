// An invocation that has been admitted, with the unit of concurrency that it holds. Values only.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "engine/function_metrics.h"
#include "engine/invocation.h"
#include "model/admission.h"

namespace kiln::engine {

// A unit of concurrency that an invocation holds; given back when it goes.
class AdmissionTicket {
 public:
  AdmissionTicket() = default;
  AdmissionTicket(model::FunctionAdmission& function, FunctionMetrics::Way& way,
                  const model::Admission& admission)
      : function_(&function), way_(&way), admission_(admission) {}
  AdmissionTicket(AdmissionTicket&& other) noexcept { *this = std::move(other); }
  AdmissionTicket& operator=(AdmissionTicket&& other) noexcept {
    release();
    function_ = std::exchange(other.function_, nullptr);
    way_ = other.way_;
    admission_ = other.admission_;
    return *this;
  }
  ~AdmissionTicket() { release(); }

  void release() {
    if (!function_) return;
    std::exchange(function_, nullptr)->release(way_->version, admission_);
    --way_->in_use;
  }
  const model::Admission& admission() const { return admission_; }
  FunctionMetrics::Way* way() const { return way_; }

 private:
  model::FunctionAdmission* function_ = nullptr;
  FunctionMetrics::Way* way_ = nullptr;
  model::Admission admission_;
};

// What an invocation is on its way through one loop.
struct Invocation {
  InvokeRequest request;
  InvokeDone done;             // empty once it was called
  std::string function_arn;    // as invoked
  AdmissionTicket ticket;      // from its function's loop on
  int64_t minute_s = 0;        // metric minute in which it started
  bool had_room_made = false;  // an idle environment has ended for it
};

// Answers without an outcome of the function.
inline void refuse(Invocation& invocation, Error error) {
  invocation.ticket.release();
  if (!invocation.done) return;
  InvokeReply reply;
  reply.error = std::move(error);
  std::exchange(invocation.done, nullptr)(std::move(reply));
}

// What became of an invocation that ran to its end.
struct InvocationEnd {
  double duration_ms = 0;
  double init_ms = -1;  // not below 0: it waited for a new environment
  bool function_error = false;
  std::string_view version;
  std::string_view payload;   // the answer, or the error document
  double extensions_ms = -1;  // not below 0: its external extensions took so long after it
};

}  // namespace kiln::engine
