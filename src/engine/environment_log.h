// The log stream of one execution environment: Lambda's own lines and the events of the function's
// output, with their times; and the last lines of an invocation for LogType Tail. What a function
// prints in the embedded metric format becomes metrics, too.
//
// Threading: its loop only. Lines gather here and go to the store by flush().
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "engine/metric_inbox.h"
#include "engine/output_events.h"
#include "logs/store.h"
#include "model/function.h"

namespace kiln::engine {

// Where metrics go; nowhere by default. What it points to outlives the log.
struct MetricSink {
  MetricInbox* inbox = nullptr;
  const Clock* metric_clock = nullptr;
};

class EnvironmentLog {
 public:
  EnvironmentLog(logs::LogStore& store, const Clock& clock, const model::FunctionConfig& config,
                 const MetricSink& metrics = {});
  ~EnvironmentLog() { flush(); }
  EnvironmentLog(const EnvironmentLog&) = delete;

  const std::string& stream() const { return key_->stream; }
  // A line of Lambda's, ending in '\n'; empty: none.
  void line(std::string_view line);
  // The same for a line of time `t` that `append` writes to the end of a string.
  template <class Append>
  void append_line(WallTime t, const Append& append) {
    const size_t before = begin_line(t);
    const size_t at = lines_.size();
    append(lines_);
    end_line(before, at);
  }
  // An event of several lines, each ending in '\n'.
  void several_lines(WallTime t, const std::string& text);
  // What the function printed. A line may come in parts; one without text is no event.
  void output(std::string_view bytes);
  // What is left of an unfinished line becomes an event.
  void end_output();
  void flush();
  bool overloaded() const { return store_.overloaded(); }

  // From here on the tail gathers, when it is wanted.
  void begin_tail(bool wanted);
  // The last 4 KiB of what came since.
  std::string take_tail();

 private:
  // An event of the function's output, without a line break at its end.
  void event(std::string_view text);
  void keep_for_tail(std::string_view text);
  // The size before the time stamp, which stays if a line follows.
  size_t begin_line(WallTime t);
  void end_line(size_t before, size_t at);

  logs::LogStore& store_;
  const Clock& clock_;
  std::shared_ptr<const logs::LogStreamKey> key_;
  MetricSink metrics_;
  OutputEvents output_;
  std::string lines_;  // not yet given to the store
  std::string tail_;
  bool tail_wanted_ = false;
};

}  // namespace kiln::engine
