#include "stack/step_graph.h"

#include <algorithm>
#include <optional>
#include <set>
#include <system_error>
#include <thread>

#include "base/check.h"
#include "base/fence.h"
#include "base/mutex.h"

namespace kiln::stack {
namespace {

// What is ready to be run, and what has to wait for what.
class Agenda {
 public:
  explicit Agenda(const StepGraph::Needs& needs) {
    for (const auto& [id, all] : needs) {
      size_t& open = open_[id];
      for (const std::string& need : std::set<std::string>(all.begin(), all.end())) {
        if (need == id || !needs.contains(need)) continue;
        ++open;
        waiting_for_[need].push_back(id);
      }
      (open == 0 ? ready_ : waiting_).insert(id);
    }
  }

  bool has_ready() const { return !ready_.empty(); }
  std::string take() { return std::move(ready_.extract(ready_.begin()).value()); }
  void done(const std::string& id) {
    for (const std::string& waiting : waiting_for_[id])
      if (--open_[waiting] == 0 && waiting_.erase(waiting) > 0) ready_.insert(waiting);
  }
  // Makes one of those ready that wait for one another, if there are any.
  bool break_circle() {
    if (waiting_.empty()) return false;
    ready_.insert(waiting_.extract(waiting_.begin()));
    return true;
  }
  void drop_ready() { ready_.clear(); }

 private:
  std::map<std::string, size_t> open_;  // how many of its needs are not done
  std::map<std::string, std::vector<std::string>> waiting_for_;
  std::set<std::string> ready_, waiting_;
};

// A step that throws has failed.
Result<void> fenced_step(const std::function<Result<void>(const std::string&)>& step,
                         const std::string& id) {
  Result<void> result;
  fenced(
      "a stack's step", [&] { result = step(id); },
      [&] {
        result = Error{ErrorKind::kInternal, "InternalFailure",
                       "Kiln failed in an unexpected way at " + id};
      });
  return result;
}

}  // namespace

StepGraph StepGraph::reversed() const {
  Needs turned;
  for (const auto& [id, all] : needs_) {
    turned[id];
    for (const std::string& need : all)
      if (needs_.contains(need)) turned[need].push_back(id);
  }
  return StepGraph(std::move(turned));
}

std::vector<std::string> StepGraph::order() const {
  std::vector<std::string> out;
  Agenda agenda(needs_);
  while (agenda.has_ready()) {
    out.push_back(agenda.take());
    agenda.done(out.back());
  }
  KILN_CHECK(out.size() == needs_.size());
  return out;
}

Result<void> StepGraph::run(int at_once, OnError on_error,
                            const std::function<Result<void>(const std::string&)>& step) const {
  Mutex mutex;
  Condition changed;
  Agenda agenda(needs_);
  size_t running = 0;
  std::optional<Error> first;

  const auto work = [&] {
    MutexLock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return agenda.has_ready() || running == 0; });
      // Nothing runs that could make something ready. Where nothing has failed, what still waits
      // stands in a circle: of needs from before a change and after it, say.
      if (!agenda.has_ready() && (first || !agenda.break_circle())) return;
      const std::string id = agenda.take();
      ++running;
      lock.unlock();
      const Result<void> result = fenced_step(step, id);
      lock.lock();
      --running;
      if (result) {
        agenda.done(id);
      } else {
        if (!first) first = result.error();
        if (on_error == OnError::kStop) agenda.drop_ready();
      }
      // After a failure, what others that still run make ready must not start either.
      if (first && on_error == OnError::kStop) agenda.drop_ready();
      changed.notify_all();
    }
  };
  const size_t count = std::min(needs_.size(), static_cast<size_t>(std::max(at_once, 1)));
  {
    // This thread is one of them; where the machine gives no more, fewer do the work.
    std::vector<std::jthread> threads;
    try {
      for (size_t i = 1; i < count; ++i) threads.emplace_back(work);
    } catch (const std::system_error&) {
    }
    work();
  }
  if (first) return *first;
  return {};
}

}  // namespace kiln::stack
