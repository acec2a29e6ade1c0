#include "kiln/tasks.h"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#include "sdk/core/error_document.h"

namespace kiln::tasks {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr char kTooLate[] = "not done in its time";
constexpr size_t kMaxTransfers = 256;  // descriptors under way at once

struct Outcome {
  std::optional<json> value;
  std::string error;
};

std::string current_message() {
  std::string message = sdk::current_exception_info().message;
  return message.empty() ? "an exception without a message" : message;
}

Outcome outcome_of(const std::function<json()>& work) {
  Outcome outcome;
  try {
    outcome.value = work();
  } catch (...) {
    outcome.error = current_message();
  }
  return outcome;
}

// The blocking tasks of one run_all. Shared with the threads, which may outlive it.
class Calls {
 public:
  struct Call {
    size_t index;  // among all tasks
    std::function<json()> work;
    Clock::time_point deadline;
    enum class State { kWaiting, kRunning, kDone, kLate } state = State::kWaiting;
    Outcome outcome = {};
  };

  explicit Calls(std::vector<Call> calls) : calls_(std::move(calls)) {}

  static void start(const std::shared_ptr<Calls>& calls, size_t threads) {
    const size_t wanted = std::min(std::max<size_t>(threads, 1), calls->calls_.size());
    for (size_t i = 0; i < wanted; ++i) {
      try {
        std::thread([calls] { calls->work(); }).detach();
      } catch (const std::system_error& e) {
        if (i > 0) return;  // those that run do all of it
        calls->refuse(std::string("no thread can be started: ") + e.what());
      }
    }
  }

  // Takes the outcomes; waits for none longer than its deadline.
  void collect(std::vector<Outcome>& outcomes) {
    std::unique_lock lock(mutex_);
    for (Call& call : calls_) {
      const bool in_time = changed_.wait_until(
          lock, call.deadline, [&call] { return call.state == Call::State::kDone; });
      if (in_time) {
        outcomes[call.index] = std::move(call.outcome);
        continue;
      }
      outcomes[call.index].error = call.state == Call::State::kWaiting
                                       ? "not begun in its time: all threads were busy"
                                       : kTooLate;
      call.state = Call::State::kLate;
    }
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (next_ < calls_.size()) {
      Call& call = calls_[next_++];
      if (call.state != Call::State::kWaiting || Clock::now() >= call.deadline) continue;
      call.state = Call::State::kRunning;
      lock.unlock();
      Outcome outcome = outcome_of(call.work);
      call.work = nullptr;  // what it holds ends with it
      lock.lock();
      if (call.state != Call::State::kRunning) continue;  // too late
      if (Clock::now() >= call.deadline) outcome = {std::nullopt, kTooLate};
      call.outcome = std::move(outcome);
      call.state = Call::State::kDone;
      changed_.notify_all();
    }
  }

  void refuse(const std::string& error) {
    const std::lock_guard lock(mutex_);
    for (Call& call : calls_) {
      call.state = Call::State::kDone;
      call.outcome.error = error;
    }
    next_ = calls_.size();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Call> calls_;
  size_t next_ = 0;
};

json summary(const http::Response& response) {
  return {{"status_code", response.status}, {"response_size", response.body_size}};
}

struct Transfers {
  std::vector<http::Request> requests;
  std::vector<size_t> indices;  // among all tasks
};

// The outcomes of the requests; `tasks` are those they were made of.
void transfer(const Transfers& transfers, const std::vector<Task>& tasks, http::Client& client,
              std::vector<Outcome>& outcomes) {
  if (transfers.requests.empty()) return;
  std::vector<http::Outcome> answers;
  try {
    answers = client.send_all(transfers.requests, kMaxTransfers);
  } catch (...) {
    // Of all of them: no libcurl.
    const std::string message = current_message();
    for (const size_t index : transfers.indices) outcomes[index].error = message;
    return;
  }
  for (size_t i = 0; i < answers.size(); ++i) {
    Outcome& outcome = outcomes[transfers.indices[i]];
    if (const auto* error = std::get_if<http::Error>(&answers[i])) {
      outcome.error = error->what();
      continue;
    }
    const auto& read = std::get<HttpTask>(tasks[transfers.indices[i]].work).read;
    outcome = outcome_of([&] {
      const auto& response = std::get<http::Response>(answers[i]);
      return read ? read(response) : summary(response);
    });
  }
}

}  // namespace

Task http(http::Request request, std::chrono::milliseconds timeout,
          std::function<json(const http::Response&)> read) {
  return {HttpTask{std::move(request), std::move(read)}, timeout};
}

Task file(FileOperation operation, std::chrono::milliseconds timeout) {
  return {[operation = std::move(operation)] { return run(operation); }, timeout};
}

Task call(std::function<json()> work, std::chrono::milliseconds timeout) {
  return {std::move(work), timeout};
}

Results run_all(std::vector<Task> tasks, http::Client& client, size_t threads) {
  const Clock::time_point start = Clock::now();
  std::vector<Outcome> outcomes(tasks.size());
  std::vector<Calls::Call> blocking;
  Transfers transfers;
  for (size_t i = 0; i < tasks.size(); ++i) {
    Task& task = tasks[i];
    if (auto* work = std::get_if<std::function<json()>>(&task.work)) {
      blocking.push_back({i, std::move(*work), start + task.timeout});
    } else if (task.timeout.count() <= 0) {
      outcomes[i].error = "not begun in its time";  // libcurl takes a 0 for no limit
    } else {
      http::Request request = std::get<HttpTask>(task.work).request;
      request.timeout =
          request.timeout.count() > 0 ? std::min(request.timeout, task.timeout) : task.timeout;
      request.connect_timeout = std::min(request.connect_timeout, request.timeout);
      transfers.requests.push_back(std::move(request));
      transfers.indices.push_back(i);
    }
  }
  const auto calls = std::make_shared<Calls>(std::move(blocking));
  Calls::start(calls, threads);
  transfer(transfers, tasks, client, outcomes);
  calls->collect(outcomes);

  Results results;
  results.values.reserve(outcomes.size());
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i].value) results.errors.push_back({i, std::move(outcomes[i].error)});
    results.values.push_back(std::move(outcomes[i].value));
  }
  return results;
}

}  // namespace kiln::tasks
