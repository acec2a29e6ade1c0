#include "logs/files_cursor.h"

#include <sys/stat.h>

#include <algorithm>

namespace kiln::logs {
namespace {

// The API takes events of up to two hours ahead; and a clock may have been set.
constexpr int64_t kAheadMs = 2 * 3600 * 1000 + 60'000;

}  // namespace

bool is_unordered(const std::string& path_without_suffix) {
  struct stat info {};
  return ::stat((path_without_suffix + std::string(kUnorderedSuffix)).c_str(), &info) == 0;
}

bool is_older(const std::string& path_without_suffix, int64_t start_ms) {
  struct stat info {};
  if (::stat((path_without_suffix + std::string(kLogSuffix)).c_str(), &info) != 0) return false;
  const int64_t written_ms =
      static_cast<int64_t>(info.st_mtim.tv_sec) * 1000 + info.st_mtim.tv_nsec / 1'000'000;
  return start_ms > kAheadMs && written_ms < start_ms - kAheadMs;
}

LogStreamCursor::LogStreamCursor(const std::string& dir, const std::string& file, int64_t start_ms,
                                 int64_t end_ms)
    : stream_(decode_log_name(dir, file)),
      start_ms_(start_ms),
      end_ms_(end_ms),
      reader_(dir + "/" + file + std::string(kLogSuffix)),
      in_order_(!is_unordered(dir + "/" + file)) {
  if (in_order_) {
    reader_.seek(start_ms);
    return;
  }
  for (LogEvent event; read(event);) {
    if (event.timestamp_ms >= start_ms_ && event.timestamp_ms < end_ms_)
      sorted_.push_back(std::move(event));
  }
  std::stable_sort(sorted_.begin(), sorted_.end(), [](const LogEvent& a, const LogEvent& b) {
    return a.timestamp_ms < b.timestamp_ms;
  });
}

bool LogStreamCursor::read(LogEvent& event) {
  const auto line = reader_.next();
  if (!line) return false;
  event.timestamp_ms = line->timestamp_ms;
  event.stream = stream_;
  event.message = line->message();
  event.ingestion_ms = line->ingestion_ms;
  event.origin = line->kind == LogLineKind::kPut ? LogOrigin::kApi : LogOrigin::kFunction;
  return true;
}

bool LogStreamCursor::advance() {
  if (in_order_) {
    do {
      if (!read(event_) || event_.timestamp_ms >= end_ms_) return false;
    } while (event_.timestamp_ms < start_ms_);
  } else {
    if (next_ == sorted_.size()) return false;
    event_ = std::move(sorted_[next_++]);
  }
  ordinal_ = event_.timestamp_ms == previous_ms_ ? ordinal_ + 1 : 0;
  previous_ms_ = event_.timestamp_ms;
  event_.ordinal = ordinal_;
  return true;
}

}  // namespace kiln::logs
