#include "cli/invoke_tail.h"

#include "base/fence.h"
#include "base/mutex.h"
#include "cli/log_follower.h"
#include "cli/log_selection.h"

namespace kiln::cli {
namespace {

constexpr auto kTailEvery = std::chrono::milliseconds(100);
constexpr int64_t kClockSlackMs = 2000;  // between this machine and the server

}  // namespace

InvokeTail::InvokeTail(const ApiOptions& api, const FunctionTarget& target,
                       const std::string& request_id, std::ostream& out)
    : out_(out), thread_([this, api, target, request_id] {
        fenced("the log's tail", [&] { run(api, target, request_id); });
      }) {}

InvokeTail::~InvokeTail() {
  {
    const MutexLock lock(mutex_);
    abandoned_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool InvokeTail::finish() {
  {
    const MutexLock lock(mutex_);
    answered_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  return printed_;
}

void InvokeTail::run(const ApiOptions& api, const FunctionTarget& target,
                     const std::string& request_id) {
  Result<ApiClient> client = ApiClient::create(api);
  if (!client) return;
  const SystemClock clock;
  const int64_t start_ms = epoch_ms(clock.wall_now()) - kClockSlackMs;
  LogFollower follower(*client, log_group_of(*client, target), start_ms);
  LogSelection selection(request_id, Invocations::kAll);
  SteadyTime give_up = SteadyTime::max();
  while (true) {
    // A group that isn't there yet comes with the first line.
    if (Result<std::vector<LogLine>> lines = follower.poll()) {
      for (const LogLine& line : selection.pick(*std::move(lines))) {
        out_ << line.message;
        if (!line.message.ends_with('\n')) out_ << '\n';
        printed_ = true;
        if (give_up != SteadyTime::max()) give_up = clock.steady_now() + kPatience;
      }
      out_.flush();
    }
    if (selection.complete() || clock.steady_now() >= give_up) return;
    MutexLock lock(mutex_);
    wake_.wait_for(lock, kTailEvery, [&]() KILN_REQUIRES(mutex_) {
      return abandoned_ || (answered_ && give_up == SteadyTime::max());
    });
    if (abandoned_) return;
    if (answered_ && give_up == SteadyTime::max())
      give_up = clock.steady_now() + (printed_ ? kPatience : kPatience / 3);
  }
}

}  // namespace kiln::cli
