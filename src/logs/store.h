// Log events in files: data_dir/logs/REGION/GROUP/STREAM.log, one line per event, in the format of
// log_files.h. Group and stream names are percent-encoded into file names. A file that would pass
// `rotate_bytes` is renamed to STREAM.log.1 first (an older .1 is dropped), so a stream never holds
// more than twice that.
//
// Threading: append() and expire() from any thread, never block on the disk: one writer thread
// does, in their order, which the removals wait for. It lets lines gather for a few milliseconds,
// so that a busy engine pays one wake-up for many lines. Reads see everything that was asked for
// before flush() returned. Lines that the disk does not take are dropped and counted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "logs/event.h"

namespace kiln::logs {

class LogTap;

struct LogStreamKey {
  std::string region;
  std::string group;
  std::string stream;
};

struct LogStreamInfo {
  std::string name;
  int64_t created_ms = 0;
  // Of events; nullopt: the stream has none.
  std::optional<int64_t> first_ms, last_ms, last_ingestion_ms;
  int64_t stored_bytes = 0;
};

struct LogStoreOptions {
  int64_t rotate_bytes = 10 * 1024 * 1024;
  int64_t max_queued_bytes = 64 * 1024 * 1024;
  Duration gather_time = std::chrono::milliseconds(20);
  size_t max_open_files = 64;
};

class LogStore {
 public:
  LogStore(std::string root, LogStoreOptions options = {});
  ~LogStore();  // writes what was appended

  // `lines`: one or more finished lines of the file format above, each ending in '\n'. Who appends
  // often shares the key.
  void append(std::shared_ptr<const LogStreamKey> key, std::string lines);
  void append(LogStreamKey key, std::string lines) {
    append(std::make_shared<const LogStreamKey>(std::move(key)), std::move(lines));
  }
  // These wait for the writer. Error: something of it stays.
  Result<void> remove_stream(const LogStreamKey& key);
  Result<void> remove_group(const std::string& region, const std::string& group);
  // `tap` outlives the store, and sees all that is written, on the writer's thread. REQUIRES:
  // before the first append().
  void set_tap(LogTap* tap);
  LogTap* tap() const;  // nullptr: none
  // Removes a group's events before `before_ms`. Streams stay, even empty; all of them wait for the
  // next time if a scan is going on.
  void expire(const std::string& region, const std::string& group, int64_t before_ms);
  // True while the writer is far behind: producers should stop reading their pipes until it is
  // false again. It turns true at max_queued_bytes and false again at half of that.
  bool overloaded() const;
  // Returns when all that was appended before is in the files.
  void flush();
  int64_t dropped_bytes() const;

  bool has_group(const std::string& region, const std::string& group) const;
  std::vector<std::string> groups(const std::string& region, const std::string& prefix) const;
  bool has_stream(const LogStreamKey& key) const;
  // Of the files of a group.
  int64_t stored_bytes(const std::string& region, const std::string& group) const;
  // In name order.
  std::vector<std::string> stream_names(const std::string& region, const std::string& group,
                                        const std::string& prefix) const;
  std::vector<LogStreamInfo> streams(const std::string& region, const std::string& group) const;

  // Calls `visit` with each event of the range, in the order of LogPosition over the given streams
  // (empty: all), until it answers false. Cost: what the range holds, not what lies before it.
  // Error: ResourceNotFoundException for a group or stream that has no files.
  Result<void> scan(const std::string& region, const std::string& group,
                    const std::vector<std::string>& streams, const LogRange& range,
                    const std::function<bool(LogEvent&&)>& visit) const;
  // Events with start_ms <= timestamp < end_ms, after skipping `skip` of them, at most `limit`.
  Result<std::vector<LogEvent>> read(const std::string& region, const std::string& group,
                                     const std::vector<std::string>& streams, int64_t start_ms,
                                     int64_t end_ms, size_t skip, size_t limit) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiln::logs
