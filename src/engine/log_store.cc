#include "engine/log_store.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <queue>
#include <set>
#include <thread>
#include <tuple>

#include "engine/log_files.h"
#include "engine/log_writer.h"

namespace kiln::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".log";
constexpr std::string_view kOldSuffix = ".log.1";
constexpr int64_t kGatherBytes = 1024 * 1024;  // so much is not left to wait

Error no_such(const char* what) {
  return {ErrorKind::kNotFound, "ResourceNotFoundException",
          std::string("The specified log ") + what + " does not exist."};
}

int64_t file_size(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<int64_t>(info.st_size) : 0;
}

// When the file was last written; 0: not there.
int64_t written_ms(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return 0;
  return static_cast<int64_t>(info.st_mtim.tv_sec) * 1000 + info.st_mtim.tv_nsec / 1'000'000;
}

}  // namespace

struct LogStore::Impl {
  using StreamId = std::tuple<std::string, std::string, std::string>;  // Region, group, stream

  struct Item {
    LogStreamKey key;
    std::string lines;
  };

  Impl(std::string r, LogStoreOptions o)
      : root(std::move(r)), options(o), writer(root, o.rotate_bytes, o.max_open_files) {
    thread = std::thread([this] { run(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    wake.notify_one();
    thread.join();
  }

  void run() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [&] { return !queue.empty() || stopping; });
      if (queue.empty()) return;
      wake.wait_for(lock, options.gather_time,
                    [&] { return stopping || flush_wanted > written || gathered >= kGatherBytes; });
      std::vector<Item> batch = std::exchange(queue, {});
      gathered = 0;
      const uint64_t up_to = appended;
      lock.unlock();
      write_batch(batch);
      lock.lock();
      written = up_to;
      done.notify_all();
    }
  }

  // One write for all lines of a stream; a stream's lines stay in their order.
  void write_batch(std::vector<Item>& batch) {
    std::map<StreamId, std::string> by_stream;
    int64_t bytes = 0;
    for (Item& item : batch) {
      bytes += static_cast<int64_t>(item.lines.size());
      by_stream[{item.key.region, item.key.group, item.key.stream}] += item.lines;
    }
    for (const auto& [id, lines] : by_stream) {
      const auto& [region, group, stream] = id;
      const auto result = writer.write(region, group, stream, lines);
      if (!result) {
        dropped += static_cast<int64_t>(lines.size());
        // Once per trouble, not once per line.
        if (!std::exchange(in_trouble, true)) spdlog::error("{}", result.error().message);
      } else {
        in_trouble = false;
      }
    }
    const int64_t left = queued_bytes.fetch_sub(bytes) - bytes;
    if (left <= options.max_queued_bytes / 2) overload = false;
  }

  std::string region_dir(const std::string& region) const {
    return root + "/" + encode_log_name(region);
  }
  std::string group_dir(const std::string& region, const std::string& group) const {
    return region_dir(region) + "/" + encode_log_name(group);
  }

  // File names, without suffix, of the streams in a group's folder.
  static std::set<std::string> stream_files(const std::string& dir) {
    std::set<std::string> found;
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(dir, ec)) {
      const std::string file = entry.path().filename().string();
      for (const std::string_view suffix : {kOldSuffix, kSuffix}) {
        if (!file.ends_with(suffix)) continue;
        found.insert(file.substr(0, file.size() - suffix.size()));
        break;
      }
    }
    return found;
  }

  std::string root;
  LogStoreOptions options;
  LogWriter writer;         // writer thread
  bool in_trouble = false;  // writer thread
  std::mutex mutex;         // guards what follows, up to the atomics
  std::condition_variable wake, done;
  std::vector<Item> queue;
  int64_t gathered = 0;  // bytes in queue
  uint64_t appended = 0, written = 0, flush_wanted = 0;
  bool stopping = false;
  std::atomic<int64_t> queued_bytes{0}, dropped{0};
  std::atomic<bool> overload{false};
  std::thread thread;
};

LogStore::LogStore(std::string root, LogStoreOptions options)
    : impl_(std::make_unique<Impl>(std::move(root), options)) {}

LogStore::~LogStore() = default;

void LogStore::append(const LogStreamKey& key, std::string lines) {
  if (lines.empty()) return;
  const auto size = static_cast<int64_t>(lines.size());
  if (impl_->queued_bytes.fetch_add(size) + size >= impl_->options.max_queued_bytes) {
    impl_->overload = true;
  }
  bool wake = false;
  {
    const std::lock_guard lock(impl_->mutex);
    // The writer waits for the first item, and then for time or for much.
    wake = impl_->queue.empty() ||
           (impl_->gathered < kGatherBytes && impl_->gathered + size >= kGatherBytes);
    impl_->gathered += size;
    ++impl_->appended;
    impl_->queue.push_back({key, std::move(lines)});
  }
  if (wake) impl_->wake.notify_one();
}

bool LogStore::overloaded() const { return impl_->overload; }

int64_t LogStore::dropped_bytes() const { return impl_->dropped; }

void LogStore::flush() {
  std::unique_lock lock(impl_->mutex);
  const uint64_t target = impl_->appended;
  if (impl_->written >= target) return;
  impl_->flush_wanted = std::max(impl_->flush_wanted, target);
  impl_->wake.notify_one();
  impl_->done.wait(lock, [&] { return impl_->written >= target; });
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

std::vector<LogStreamInfo> LogStore::streams(const std::string& region,
                                             const std::string& group) const {
  std::vector<LogStreamInfo> infos;
  const std::string dir = impl_->group_dir(region, group);
  for (const std::string& file : Impl::stream_files(dir)) {
    const std::string path = dir + "/" + file + std::string(kSuffix), old = path + ".1";
    LogStreamInfo info;
    info.name = decode_log_name(dir, file);
    info.stored_bytes = file_size(path) + file_size(old);
    LogStreamReader reader(path);
    if (const auto first = reader.next()) info.first_ms = first->timestamp_ms;
    info.last_ms = last_timestamp(path).value_or(last_timestamp(old).value_or(info.first_ms));
    infos.push_back(std::move(info));
  }
  std::sort(infos.begin(), infos.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return infos;
}

Result<void> LogStore::scan(const std::string& region, const std::string& group,
                            const std::vector<std::string>& streams, int64_t start_ms,
                            int64_t end_ms, const std::function<bool(LogEvent&&)>& visit) const {
  if (!has_group(region, group)) return no_such("group");
  const std::string dir = impl_->group_dir(region, group);
  const std::set<std::string> files = Impl::stream_files(dir);

  struct Source {
    std::string name;
    LogStreamReader reader;
    LogEvent event;
    // Lines of a stream stand almost in time order; the merge goes by the latest time seen, which
    // never goes back.
    int64_t reached_ms = 0;

    bool advance() {
      const auto line = reader.next();
      if (!line) return false;
      event = {line->timestamp_ms, name, std::string(line->text)};
      reached_ms = std::max(reached_ms, line->timestamp_ms);
      return true;
    }
  };
  std::vector<Source> sources;
  const auto add = [&](const std::string& file) {
    const std::string path = dir + "/" + file + std::string(kSuffix);
    // Not written since: nothing in it can be later than its last write, give or take a clock that
    // was set.
    constexpr int64_t kClockSlackMs = 60'000;
    const int64_t last_write = written_ms(path);
    if (last_write != 0 && last_write + kClockSlackMs < start_ms) return;
    sources.push_back({decode_log_name(dir, file), LogStreamReader(path), {}, 0});
  };
  if (streams.empty()) {
    for (const std::string& file : files) add(file);
  } else {
    for (const std::string& stream : std::set<std::string>(streams.begin(), streams.end())) {
      const std::string file = encode_log_name(stream);
      if (!files.contains(file)) return no_such("stream");
      add(file);
    }
  }

  // The smallest on top; equal times keep the order of the streams, so that pages of one question
  // fit together.
  using Head = std::pair<int64_t, size_t>;
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  for (size_t i = 0; i < sources.size(); ++i) {
    if (sources[i].advance()) heads.emplace(sources[i].reached_ms, i);
  }
  while (!heads.empty()) {
    const size_t i = heads.top().second;
    heads.pop();
    Source& source = sources[i];
    const int64_t at = source.event.timestamp_ms;
    if (at >= start_ms && at < end_ms && !visit(std::move(source.event))) return {};
    if (source.advance()) heads.emplace(source.reached_ms, i);
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
  auto scanned = scan(region, group, streams, start_ms, end_ms, [&](LogEvent&& event) {
    if (seen++ >= skip) events.push_back(std::move(event));
    return events.size() < limit;
  });
  if (!scanned) return scanned.error();
  return events;
}

}  // namespace kiln::engine
