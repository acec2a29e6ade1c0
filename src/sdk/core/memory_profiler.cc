#include "kiln/memory_profiler.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/unique_fd.h"
#include "sdk/core/heap_port.h"
#include "sdk/core/text.h"

namespace kiln {
namespace {

constexpr size_t kSites = 10;
constexpr double kMiB = 1024 * 1024;

// The highest resident set since the process began.
double lifetime_peak_mb() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace

double resident_memory_mb() {
  // "size resident shared …", in pages.
  const UniqueFd file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  char text[128];
  const ssize_t size = file ? ::read(file.get(), text, sizeof text) : 0;
  const std::string_view statm(text, static_cast<size_t>(std::max<ssize_t>(size, 0)));
  const size_t blank = statm.find(' ');
  if (blank == std::string_view::npos) return 0;
  uint64_t pages = 0;
  std::from_chars(statm.data() + blank + 1, statm.data() + statm.size(), pages);
  return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / kMiB;
}

MemoryProfiler::~MemoryProfiler() { stop(); }

void MemoryProfiler::start() {
  snapshots_.clear();
  if (sdk::heap_sampler) sdk::heap_sampler().start();
  running_ = true;
  lifetime_peak_mb_ = lifetime_peak_mb();
  start_mb_ = resident_memory_mb();
  peak_mb_ = start_mb_;
}

void MemoryProfiler::stop() {
  if (!running_) return;
  running_ = false;
  if (sdk::heap_sampler) sdk::heap_sampler().stop();
}

MemorySnapshot MemoryProfiler::snapshot(std::string label) {
  const double now_mb = resident_memory_mb();
  peak_mb_ = std::max(peak_mb_, now_mb);
  snapshots_.push_back(
      {std::move(label), std::chrono::system_clock::now(), now_mb, now_mb - start_mb_});
  return snapshots_.back();
}

MemoryReport MemoryProfiler::report() const {
  if (start_mb_ == 0) return {};
  MemoryReport report{};
  report.start_memory_mb = start_mb_;
  report.current_memory_mb = resident_memory_mb();
  report.peak_memory_mb = std::max(peak_mb_, report.current_memory_mb);
  if (const double peak = lifetime_peak_mb(); peak > lifetime_peak_mb_) {
    report.peak_memory_mb = std::max(report.peak_memory_mb, peak);
  }
  report.memory_increase_mb = report.current_memory_mb - start_mb_;
  report.snapshots = snapshots_;
  if (sdk::heap_sampler) {
    for (sdk::HeapSite& site : sdk::heap_sampler().top(kSites)) {
      report.top_memory_consumers.push_back({std::move(site.place), site.bytes / kMiB,
                                             static_cast<size_t>(std::llround(site.count))});
    }
  }
  return report;
}

void to_json(nlohmann::json& json, const MemorySnapshot& snapshot) {
  std::string timestamp;
  sdk::append_timestamp(timestamp, std::chrono::duration_cast<std::chrono::milliseconds>(
                                       snapshot.timestamp.time_since_epoch())
                                       .count());
  json = {{"label", snapshot.label},
          {"timestamp", std::move(timestamp)},
          {"memory_mb", snapshot.memory_mb},
          {"memory_increase_mb", snapshot.memory_increase_mb}};
}

void to_json(nlohmann::json& json, const AllocationSite& site) {
  json = {{"file", site.file}, {"size_mb", site.size_mb}, {"count", site.count}};
}

void to_json(nlohmann::json& json, const MemoryReport& report) {
  json = {{"start_memory_mb", report.start_memory_mb},
          {"current_memory_mb", report.current_memory_mb},
          {"peak_memory_mb", report.peak_memory_mb},
          {"memory_increase_mb", report.memory_increase_mb},
          {"snapshots", report.snapshots},
          {"top_memory_consumers", report.top_memory_consumers}};
}

}  // namespace kiln
