#include "cli/folder_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "base/watch_fault.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kEvents =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR;
// An editor that saves several files does so within this time.
constexpr auto kTogether = std::chrono::milliseconds(50);

// What editors write while a file is being edited.
bool is_editors_own(const std::string& name) {
  return name.ends_with('~') || name.ends_with(".swp") || name.ends_with(".swx") ||
         name.starts_with(".#") || name == "4913";
}

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

bool readable_within(int fd, Duration time) {
  pollfd wait{fd, POLLIN, 0};
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  return ::poll(&wait, 1, static_cast<int>(ms)) > 0;
}

}  // namespace

FolderWatch::FolderWatch(std::string folder, std::vector<std::string> left_out)
    : folder_(std::move(folder)),
      left_out_(std::move(left_out)),
      code_(CodeFolder::open(folder_)),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  inotify_ ? add_tree("") : cannot_watch(errno);
}

void FolderWatch::cannot_watch(int error) {
  const std::string fault = watch_fault(folder_, error);
  if (!fault.empty() && !std::exchange(is_blind_, true)) fault_ = fault;
}

bool FolderWatch::is_code(const std::string& relative, EntryKind kind) const {
  return std::find(left_out_.begin(), left_out_.end(), relative) == left_out_.end() &&
         code_.why_left_out(relative, kind).empty();
}

void FolderWatch::add_tree(const std::string& relative) {
  const std::string path = relative.empty() ? folder_ : folder_ + "/" + relative;
  const int descriptor = ::inotify_add_watch(inotify_.get(), path.c_str(), kEvents);
  if (descriptor < 0) return cannot_watch(errno);
  watches_[descriptor] = relative;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(path, ec)) {
    const std::string inside = joined(relative, entry.path().filename());
    if (entry.is_directory(ec) && !entry.is_symlink(ec) && is_code(inside, EntryKind::kFolder))
      add_tree(inside);
  }
}

void FolderWatch::read_events(std::vector<std::string>& changed) {
  alignas(struct inotify_event) char buffer[16384];
  ssize_t n = 0;
  while ((n = ::read(inotify_.get(), buffer, sizeof buffer)) > 0) {
    for (ssize_t at = 0; at < n;) {
      const auto* event = reinterpret_cast<const struct inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof *event + event->len);
      const auto watch = watches_.find(event->wd);
      if (watch == watches_.end() || event->len == 0) continue;
      const std::string path = joined(watch->second, event->name);
      const bool of_folder = (event->mask & IN_ISDIR) != 0;
      if (is_editors_own(event->name) ||
          !is_code(path, of_folder ? EntryKind::kFolder : EntryKind::kFile))
        continue;
      if (of_folder) {
        if ((event->mask & (IN_CREATE | IN_MOVED_TO)) != 0) add_tree(path);
      } else if ((event->mask & IN_CREATE) != 0) {
        continue;  // its content follows
      }
      if (std::find(changed.begin(), changed.end(), path) == changed.end()) changed.push_back(path);
    }
  }
}

std::vector<std::string> FolderWatch::wait(Duration time) {
  std::vector<std::string> changed;
  if (!readable_within(inotify_.get(), time)) return changed;
  do read_events(changed);
  while (readable_within(inotify_.get(), kTogether));
  return changed;
}

}  // namespace kiln::cli
