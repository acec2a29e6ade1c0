// Prints the log of one invocation while it runs, beside the request that waits for its answer.
//
//   InvokeTail tail(api, "hello", request_id, console.err);   // starts
//   … invoke …
//   if (!tail.finish()) …                                     // nothing came: another server's log
//
// Threading: a thread of its own prints, so nobody else may write to `out` until finish().
#pragma once

#include <atomic>
#include <ostream>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "cli/api_client.h"
#include "cli/function_api.h"

namespace kiln::cli {

class InvokeTail {
 public:
  InvokeTail(const ApiOptions& api, const FunctionTarget& target, const std::string& request_id,
             std::ostream& out);
  ~InvokeTail();  // stops at once

  // After the answer: waits for the invocation's last line, but not longer than kPatience when no
  // further line comes. False: there was no line at all.
  bool finish();

 private:
  static constexpr auto kPatience = std::chrono::seconds(3);

  void run(const ApiOptions& api, const FunctionTarget& target, const std::string& request_id);

  std::ostream& out_;
  Mutex mutex_;
  Condition wake_;
  bool answered_ KILN_GUARDED_BY(mutex_) = false;
  bool abandoned_ KILN_GUARDED_BY(mutex_) = false;
  std::atomic<bool> printed_{false};
  std::thread thread_;
};

}  // namespace kiln::cli
