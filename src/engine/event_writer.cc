#include "engine/event_writer.h"

#include <unistd.h>

#include <cerrno>

#include "base/fence.h"
#include "base/mutex.h"
#include "engine/events.h"

namespace kiln::engine {
namespace {

// False when nobody can read any more.
bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

EventWriter::EventWriter(const Options& options)
    : EventLog(options.least), options_(options), thread_([this] { run(); }) {}

EventWriter::~EventWriter() {
  {
    const MutexLock lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void EventWriter::write(EngineEvent&& event) {
  if (!wants(event.severity)) return;
  {
    const MutexLock lock(mutex_);
    if (waiting_.size() >= kMostWaiting) {
      ++missing_;
      return;
    }
    waiting_.push_back(std::move(event));
    if (waiting_.size() > 1) return;  // it has been woken
  }
  wake_.notify_one();
}

std::string EventWriter::line(const EngineEvent& event) const {
  if (options_.format == EventFormat::kJson) return event_json(event);
  std::string text = event_line(event, options_.colors);
  return options_.shape ? options_.shape(text) : text;
}

void EventWriter::run() {
  bool readable = true;
  while (true) {
    std::vector<EngineEvent> events;
    size_t missing = 0;
    bool closing = false;
    {
      MutexLock lock(mutex_);
      wake_.wait(lock, [this]() KILN_REQUIRES(mutex_) { return closing_ || !waiting_.empty(); });
      events.swap(waiting_);
      std::swap(missing, missing_);
      closing = closing_;
    }
    std::string text;
    for (const EngineEvent& event : events) fenced("the event log", [&] { text += line(event); });
    if (missing > 0)
      text += line(note_event(Severity::kWarning,
                              std::to_string(missing) + " more events came too fast to be shown",
                              events.empty() ? WallTime{} : events.back().time));
    readable = readable && write_all(options_.fd, text);
    if (closing) return;
  }
}

}  // namespace kiln::engine
