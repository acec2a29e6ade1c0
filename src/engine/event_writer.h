// Writes events as lines to a descriptor, on a thread of its own, so that a slow or stopped
// terminal holds nobody up. What comes faster than it can be written is counted, and one line says
// how much is missing. A reader that goes away ends the writing, not Kiln.
//
// Threading: write() on any thread. The descriptor is borrowed. Cost: one lock and one move for an
// event; up to kMostWaiting events in memory.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "engine/event_log.h"
#include "engine/event_text.h"

namespace kiln::engine {

class EventWriter final : public EventLog {
 public:
  static constexpr size_t kMostWaiting = 4096;

  struct Options {
    int fd = 2;
    Severity least = Severity::kInfo;
    EventFormat format = EventFormat::kText;
    EventColors colors = EventColors::kNo;
    // Gives a line of text the shape of the terminal; none: as it is.
    std::function<std::string(const std::string&)> shape;
  };
  explicit EventWriter(const Options& options);
  ~EventWriter() override;  // writes what waits

  void write(EngineEvent&& event) override;

 private:
  void run();
  std::string line(const EngineEvent& event) const;

  const Options options_;
  Mutex mutex_;
  Condition wake_;
  std::vector<EngineEvent> waiting_ KILN_GUARDED_BY(mutex_);
  size_t missing_ KILN_GUARDED_BY(mutex_) = 0;
  bool closing_ KILN_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace kiln::engine
