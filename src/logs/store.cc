#include "logs/store.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <map>
#include <queue>
#include <shared_mutex>
#include <thread>
#include <tuple>

#include "base/fence.h"
#include "base/mutex.h"
#include "logs/files.h"
#include "logs/files_cursor.h"
#include "logs/tap.h"
#include "logs/writer.h"

namespace kiln::logs {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kGatherBytes = 1024 * 1024;  // so much is not left to wait
constexpr size_t kKeptItems = 8'192;           // more room than that is given back

Error no_such(const char* what) {
  return {ErrorKind::kNotFound, "ResourceNotFoundException",
          std::string("The specified log ") + what + " does not exist."};
}

// Until the writer says otherwise: it may fail before it comes to it.
Error not_removed() {
  return {ErrorKind::kUnavailable, "ServiceUnavailableException",
          "The log writer failed before it removed this; repeat the request."};
}

void complain(const Error& error) {
  std::fprintf(stderr, "kiln: error: %s\n", error.message.c_str());
}

int64_t file_size(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<int64_t>(info.st_size) : 0;
}

LogStreamInfo stream_info(const std::string& dir, const std::string& file) {
  const std::string base = dir + "/" + file, path = base + std::string(kLogSuffix);
  LogStreamInfo info;
  info.name = decode_log_name(dir, file);
  info.stored_bytes = file_size(path) + file_size(path + ".1");
  LogStreamReader reader(path);
  const auto note = [&](const LogLine& line) {
    info.first_ms = std::min(info.first_ms.value_or(line.timestamp_ms), line.timestamp_ms);
    info.last_ms = std::max(info.last_ms.value_or(line.timestamp_ms), line.timestamp_ms);
    info.last_ingestion_ms =
        std::max(info.last_ingestion_ms.value_or(line.ingestion_ms), line.ingestion_ms);
  };
  if (const auto first = reader.next()) note(*first);
  info.created_ms = reader.created_ms().value_or(info.last_ingestion_ms.value_or(0));
  if (is_unordered(base)) {
    while (const auto line = reader.next()) note(*line);
  } else {
    auto last = last_log_line(path);
    if (!last) last = last_log_line(path + ".1");
    if (last) note(*last);
  }
  return info;
}

}  // namespace

struct LogStore::Impl {
  static std::shared_ptr<const LogStreamKey> group_key(const std::string& region,
                                                       const std::string& group) {
    return std::make_shared<const LogStreamKey>(LogStreamKey{region, group, {}});
  }

  // Region, group, stream; of the keys of a batch.
  using StreamId = std::tuple<std::string_view, std::string_view, std::string_view>;

  enum class Work { kAppend, kRemoveStream, kRemoveGroup, kExpire };
  struct Item {
    std::shared_ptr<const LogStreamKey> key;
    std::string lines;
    Work work = Work::kAppend;
    int64_t before_ms = 0;
    Result<void>* removed = nullptr;  // of one who waits in flush()
  };

  Impl(std::string r, LogStoreOptions o)
      : root(std::move(r)), options(o), writer(root, o.rotate_bytes, o.max_open_files) {
    thread = std::thread([this] { run(); });
  }

  ~Impl() {
    {
      const MutexLock lock(mutex);
      stopping = true;
    }
    wake.notify_one();
    thread.join();
  }

  void run() {
    std::vector<Item> batch;  // its memory becomes the queue's
    MutexLock lock(mutex);
    while (true) {
      wake.wait(lock, [&]() KILN_REQUIRES(mutex) { return !queue.empty() || stopping; });
      if (queue.empty()) return;
      wake.wait_for(lock, options.gather_time, [&]() KILN_REQUIRES(mutex) {
        return stopping || flush_wanted > written || gathered >= kGatherBytes;
      });
      batch.swap(queue);
      gathered = 0;
      const uint64_t up_to = appended;
      lock.unlock();
      fenced("the log writer", [&] { write_batch(batch); });
      forget_bytes(batch);
      batch.clear();
      if (batch.capacity() > kKeptItems) std::vector<Item>().swap(batch);
      lock.lock();
      written = up_to;
      done.notify_all();
    }
  }

  // One write for all lines of a stream; a stream's lines stay in their order.
  void write_batch(const std::vector<Item>& batch) {
    std::map<StreamId, std::string> by_stream;
    for (const Item& item : batch) {
      if (item.work == Work::kAppend) {
        by_stream[{item.key->region, item.key->group, item.key->stream}] += item.lines;
        continue;
      }
      write_lines(by_stream);
      by_stream.clear();
      remove(item);
    }
    write_lines(by_stream);
  }

  void forget_bytes(const std::vector<Item>& batch) {
    int64_t bytes = 0;
    for (const Item& item : batch) bytes += static_cast<int64_t>(item.lines.size());
    const int64_t left = queued_bytes.fetch_sub(bytes) - bytes;
    if (left <= options.max_queued_bytes / 2) overload = false;
  }

  void write_lines(const std::map<StreamId, std::string>& by_stream) {
    for (const auto& [id, lines] : by_stream) {
      const auto& [region, group, stream] = id;
      write_lines_of({std::string(region), std::string(group), std::string(stream)}, lines);
    }
  }

  void write_lines_of(const LogStreamKey& stream, const std::string& lines) {
    if (const auto result = writer.write(stream.region, stream.group, stream.stream, lines);
        !result) {
      dropped += static_cast<int64_t>(lines.size());
      // Once per trouble, not once per line.
      if (!std::exchange(in_trouble, true)) complain(result.error());
      return;
    }
    in_trouble = false;
    if (tap != nullptr) fenced("log filters", [&] { tap->events(stream, lines); });
  }

  void remove(const Item& item) {
    const auto& [region, group, stream] = *item.key;
    if (item.work == Work::kRemoveStream || item.work == Work::kRemoveGroup) {
      *item.removed = item.work == Work::kRemoveStream ? writer.remove_stream(region, group, stream)
                                                       : writer.remove_group(region, group);
      return;
    }
    // Waiting for readers would hold up the lines of everyone.
    const std::unique_lock lock(replacing, std::try_to_lock);
    if (!lock) return;
    const std::string dir = group_dir(region, group);
    for (const std::string& file : log_stream_files(dir)) {
      const auto expired =
          writer.expire_stream(region, group, decode_log_name(dir, file), item.before_ms);
      if (!expired) complain(expired.error());
    }
  }

  void enqueue(Item&& item) {
    const auto size = static_cast<int64_t>(item.lines.size());
    if (queued_bytes.fetch_add(size) + size >= options.max_queued_bytes) overload = true;
    bool notify = false;
    {
      const MutexLock lock(mutex);
      // The writer waits for the first item, and then for time or for much.
      notify = queue.empty() || (gathered < kGatherBytes && gathered + size >= kGatherBytes);
      gathered += size;
      ++appended;
      queue.push_back(std::move(item));
    }
    if (notify) wake.notify_one();
  }

  std::string region_dir(const std::string& region) const {
    return root + "/" + encode_log_name(region);
  }
  std::string group_dir(const std::string& region, const std::string& group) const {
    return region_dir(region) + "/" + encode_log_name(group);
  }

  std::string root;
  LogStoreOptions options;
  LogWriter writer;         // writer thread
  bool in_trouble = false;  // writer thread
  LogTap* tap = nullptr;
  mutable std::shared_mutex replacing;  // shared by those who read files
  Mutex mutex;
  Condition wake, done;
  std::vector<Item> queue KILN_GUARDED_BY(mutex);
  int64_t gathered KILN_GUARDED_BY(mutex) = 0;  // bytes in queue
  uint64_t appended KILN_GUARDED_BY(mutex) = 0;
  uint64_t written KILN_GUARDED_BY(mutex) = 0;
  uint64_t flush_wanted KILN_GUARDED_BY(mutex) = 0;
  bool stopping KILN_GUARDED_BY(mutex) = false;
  std::atomic<int64_t> queued_bytes{0}, dropped{0};
  std::atomic<bool> overload{false};
  std::thread thread;
};

LogStore::LogStore(std::string root, LogStoreOptions options)
    : impl_(std::make_unique<Impl>(std::move(root), options)) {}

LogStore::~LogStore() = default;

void LogStore::append(std::shared_ptr<const LogStreamKey> key, std::string lines) {
  if (lines.empty()) return;
  impl_->enqueue({std::move(key), std::move(lines)});
}

Result<void> LogStore::remove_stream(const LogStreamKey& key) {
  Result<void> removed = not_removed();
  impl_->enqueue(
      {std::make_shared<const LogStreamKey>(key), {}, Impl::Work::kRemoveStream, 0, &removed});
  flush();
  return removed;
}

Result<void> LogStore::remove_group(const std::string& region, const std::string& group) {
  Result<void> removed = not_removed();
  impl_->enqueue({Impl::group_key(region, group), {}, Impl::Work::kRemoveGroup, 0, &removed});
  flush();
  return removed;
}

void LogStore::expire(const std::string& region, const std::string& group, int64_t before_ms) {
  impl_->enqueue({Impl::group_key(region, group), {}, Impl::Work::kExpire, before_ms});
}

void LogStore::set_tap(LogTap* tap) { impl_->tap = tap; }
LogTap* LogStore::tap() const { return impl_->tap; }

bool LogStore::overloaded() const { return impl_->overload; }

int64_t LogStore::dropped_bytes() const { return impl_->dropped; }

void LogStore::flush() {
  MutexLock lock(impl_->mutex);
  const uint64_t target = impl_->appended;
  if (impl_->written >= target) return;
  impl_->flush_wanted = std::max(impl_->flush_wanted, target);
  impl_->wake.notify_one();
  impl_->done.wait(lock, [&]() KILN_REQUIRES(impl_->mutex) { return impl_->written >= target; });
}

bool LogStore::has_group(const std::string& region, const std::string& group) const {
  std::error_code ec;
  return !group.empty() && fs::is_directory(impl_->group_dir(region, group), ec);
}

std::vector<std::string> LogStore::groups(const std::string& region,
                                          const std::string& prefix) const {
  std::vector<std::string> names;
  const std::string dir = impl_->region_dir(region);
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(dir, ec)) {
    if (!entry.is_directory(ec)) continue;
    std::string name = decode_log_name(dir, entry.path().filename().string());
    if (name.starts_with(prefix)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool LogStore::has_stream(const LogStreamKey& key) const {
  if (!has_group(key.region, key.group)) return false;
  const std::string path =
      impl_->group_dir(key.region, key.group) + "/" + encode_log_name(key.stream);
  std::error_code ec;
  return fs::exists(path + std::string(kLogSuffix), ec) ||
         fs::exists(path + std::string(kOldLogSuffix), ec);
}

int64_t LogStore::stored_bytes(const std::string& region, const std::string& group) const {
  const std::string dir = impl_->group_dir(region, group);
  int64_t bytes = 0;
  for (const std::string& file : log_stream_files(dir)) {
    const std::string path = dir + "/" + file + std::string(kLogSuffix);
    bytes += file_size(path) + file_size(path + ".1");
  }
  return bytes;
}

std::vector<std::string> LogStore::stream_names(const std::string& region, const std::string& group,
                                                const std::string& prefix) const {
  std::vector<std::string> names;
  const std::string dir = impl_->group_dir(region, group);
  for (const std::string& file : log_stream_files(dir)) {
    std::string name = decode_log_name(dir, file);
    if (name.starts_with(prefix)) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<LogStreamInfo> LogStore::streams(const std::string& region,
                                             const std::string& group) const {
  const std::shared_lock lock(impl_->replacing);
  std::vector<LogStreamInfo> infos;
  const std::string dir = impl_->group_dir(region, group);
  for (const std::string& file : log_stream_files(dir)) infos.push_back(stream_info(dir, file));
  std::sort(infos.begin(), infos.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return infos;
}

Result<void> LogStore::scan(const std::string& region, const std::string& group,
                            const std::vector<std::string>& streams, const LogRange& range,
                            const std::function<bool(LogEvent&&)>& visit) const {
  const std::shared_lock lock(impl_->replacing);
  if (!has_group(region, group)) return no_such("group");
  const std::string dir = impl_->group_dir(region, group);
  std::vector<std::string> files = log_stream_files(dir);
  if (!streams.empty()) {
    std::vector<std::string> wanted;
    for (const std::string& stream : streams) {
      wanted.push_back(encode_log_name(stream));
      if (!std::binary_search(files.begin(), files.end(), wanted.back())) return no_such("stream");
    }
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    files = std::move(wanted);
  }
  const int64_t start_ms =
      range.after ? std::max(range.start_ms, range.after->timestamp_ms) : range.start_ms;
  std::vector<LogStreamCursor> sources;
  for (const std::string& file : files) {
    if (!is_older(dir + "/" + file, start_ms))
      sources.emplace_back(dir, file, start_ms, range.end_ms);
  }
  std::sort(sources.begin(), sources.end(),
            [](const auto& a, const auto& b) { return a.stream() < b.stream(); });

  // The smallest on top; equal times keep the order of the streams.
  using Head = std::pair<int64_t, size_t>;
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  const auto advance = [&](size_t i) {
    if (sources[i].advance()) heads.emplace(sources[i].event().timestamp_ms, i);
  };
  for (size_t i = 0; i < sources.size(); ++i) advance(i);
  while (!heads.empty()) {
    const size_t i = heads.top().second;
    heads.pop();
    LogEvent& event = sources[i].event();
    const bool wanted = !range.after || position_of(event) > *range.after;
    if (wanted && !visit(std::move(event))) return {};
    advance(i);
  }
  return {};
}

Result<std::vector<LogEvent>> LogStore::read(const std::string& region, const std::string& group,
                                             const std::vector<std::string>& streams,
                                             int64_t start_ms, int64_t end_ms, size_t skip,
                                             size_t limit) const {
  std::vector<LogEvent> events;
  if (limit == 0) return events;
  size_t seen = 0;
  auto scanned = scan(region, group, streams, {start_ms, end_ms, {}}, [&](LogEvent&& event) {
    if (seen++ >= skip) events.push_back(std::move(event));
    return events.size() < limit;
  });
  if (!scanned) return scanned.error();
  return events;
}

}  // namespace kiln::logs
