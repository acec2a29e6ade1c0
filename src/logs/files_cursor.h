// The events of one log stream in the order of their times, within a range of time.
//
// A stream that is in order is read as it goes; of one that is not, the range is read at once and
// sorted. Blocking; belongs to one thread.
#pragma once

#include <string>
#include <vector>

#include "logs/event.h"
#include "logs/files.h"

namespace kiln::logs {

class LogStreamCursor {
 public:
  // The stream whose files are DIR/FILE.log…; events with start_ms <= timestamp < end_ms.
  LogStreamCursor(const std::string& dir, const std::string& file, int64_t start_ms,
                  int64_t end_ms);

  // To the next event; false: there is none.
  bool advance();
  // REQUIRES: advance() was true.
  LogEvent& event() { return event_; }
  const std::string& stream() const { return stream_; }

 private:
  bool read(LogEvent& event);

  std::string stream_;
  int64_t start_ms_, end_ms_;
  LogStreamReader reader_;
  bool in_order_ = true;
  std::vector<LogEvent> sorted_;  // of a stream that is not in order
  size_t next_ = 0;
  LogEvent event_;
  int64_t previous_ms_ = -1;
  size_t ordinal_ = 0;
};

// Whether the files of a stream are not in the order of their times.
bool is_unordered(const std::string& path_without_suffix);
// Nothing was written since that could be of `start_ms` or later: events may be a little ahead of
// the time at which they are written.
bool is_older(const std::string& path_without_suffix, int64_t start_ms);

}  // namespace kiln::logs
