#include "engine/environment_log.h"

#include <algorithm>
#include <utility>

#include "base/ids.h"
#include "base/thread_owned.h"
#include "base/time_format.h"
#include "engine/runtime_launch.h"
#include "logs/files.h"

namespace kiln::engine {
namespace {

constexpr size_t kTailBytes = 4096;
constexpr size_t kFlushBytes = 64 * 1024;
constexpr size_t kUsualLines = 480;

// Time stamps of log lines, made once a millisecond.
const std::string& stamp(WallTime t) {
  struct Last {
    int64_t ms = -1;
    std::string text;
  };
  static const ThreadOwned<Last> of_threads;
  Last& last = *of_threads;
  if (const int64_t ms = epoch_ms(t); ms != last.ms) {
    last.text = format_iso_ms(t) + " ";
    last.ms = ms;
  }
  return last.text;
}

// A group that several functions may share has the function's name in its streams' names.
std::string stream_name(const model::FunctionConfig& config, WallTime t) {
  const std::string function = config.logging->log_group.empty() ? std::string() : config.name;
  return format_log_stream_day(t) + "/" + function + "[" + config.version + "]" + new_hex(16);
}

}  // namespace

EnvironmentLog::EnvironmentLog(logs::LogStore& store, const Clock& clock,
                               const model::FunctionConfig& config, const MetricSink& metrics)
    : store_(store),
      clock_(clock),
      key_(std::make_shared<const logs::LogStreamKey>(logs::LogStreamKey{
          config.region, config.log_group(), stream_name(config, clock.wall_now())})),
      metrics_(metrics),
      output_(frames_logs(config.runtime) ? OutputFrames::kYes : OutputFrames::kNo) {}

size_t EnvironmentLog::begin_line(WallTime t) {
  // Those of one invocation, in one piece of memory.
  if (lines_.empty()) lines_.reserve(kUsualLines);
  const size_t before = lines_.size();
  lines_ += stamp(t);
  return before;
}

void EnvironmentLog::end_line(size_t before, size_t at) {
  if (lines_.size() == at) return lines_.resize(before);
  keep_for_tail(std::string_view(lines_).substr(at));
  if (lines_.size() > kFlushBytes) flush();
}

void EnvironmentLog::line(std::string_view line) {
  append_line(clock_.wall_now(), [line](std::string& out) { out += line; });
}

void EnvironmentLog::keep_for_tail(std::string_view text) {
  if (!tail_wanted_) return;
  tail_ += text;
  if (tail_.size() > 2 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
}

void EnvironmentLog::output(std::string_view bytes) {
  output_.feed(bytes, [this](std::string_view text) { event(text); });
  flush();
}

void EnvironmentLog::event(std::string_view text) {
  const WallTime now = clock_.wall_now();
  if (metrics_.inbox != nullptr && text.front() == '{')
    metrics_.inbox->event(key_->region, text, epoch_ms(now),
                          epoch_ms(metrics_.metric_clock->wall_now()));
  const std::string whole = std::string(text) + "\n";
  if (text.find('\n') == std::string_view::npos) return line(whole);
  several_lines(now, whole);
}

void EnvironmentLog::several_lines(WallTime t, const std::string& text) {
  lines_ += logs::put_log_line(epoch_ms(t), epoch_ms(t), text);
  keep_for_tail(text);
  if (lines_.size() > kFlushBytes) flush();
}

void EnvironmentLog::end_output() {
  output_.end([this](std::string_view text) { event(text); });
}

void EnvironmentLog::flush() {
  if (lines_.empty()) return;
  store_.append(key_, std::exchange(lines_, {}));
}

void EnvironmentLog::begin_tail(bool wanted) {
  tail_.clear();
  tail_wanted_ = wanted;
}

std::string EnvironmentLog::take_tail() {
  tail_wanted_ = false;
  if (tail_.size() > kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
  return std::exchange(tail_, {});
}

}  // namespace kiln::engine
