#include "engine/hot_reload.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/watch_fault.h"

namespace kiln::engine {
namespace {

constexpr uint32_t kEvents =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_MOVE_SELF;
constexpr const char* kByteCode = "__pycache__";

}  // namespace

HotReload::HotReload(net::IoLoop& loop, Changed changed, Trouble trouble)
    : loop_(loop), changed_(std::move(changed)), trouble_(std::move(trouble)) {}

HotReload::~HotReload() { *alive_ = false; }

bool HotReload::open() {
  if (inotify_) return true;
  inotify_.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify_) return false;
  watch_.emplace(loop_, inotify_.get(), [this] { read_events(); });
  return true;
}

void HotReload::watch(const std::string& folder) {
  if (roots_.contains(folder)) return;
  if (!open()) return cannot_watch(folder, errno);
  roots_.emplace(folder, CodeFolder::open(folder));
  watch_links(folder);
  add({folder, folder});
}

void HotReload::cannot_watch(const std::string& root, int error) {
  const std::string fault = watch_fault(root, error);
  if (!fault.empty() && blind_.insert(root).second) trouble_(fault);
}

void HotReload::forget(const std::string& folder) {
  blind_.erase(folder);
  if (roots_.erase(folder) == 0) return;
  late_.erase(folder);
  drop(folder);
}

// Watches nothing for this root any more.
void HotReload::drop(const std::string& root) {
  std::erase_if(to_add_, [&](const Folder& waits) { return waits.root == root; });
  for (auto watch = watches_.begin(); watch != watches_.end();) {
    auto& folders = watch->second;
    std::erase_if(folders, [&](const Folder& folder) { return folder.root == root; });
    if (!folders.empty()) {
      ++watch;
      continue;
    }
    ::inotify_rm_watch(inotify_.get(), watch->first);
    watch = watches_.erase(watch);
  }
}

// For a root, a folder on the disk has one path: the newest, as it may have been moved.
void HotReload::note(int descriptor, const Folder& folder) {
  auto& folders = watches_[descriptor];
  std::erase_if(folders, [&](const Folder& known) { return known.root == folder.root; });
  folders.push_back(folder);
}

// Watches the nearest folder above a root that has gone.
void HotReload::watch_above(const std::string& root) {
  std::filesystem::path above = root;
  do {
    above = above.parent_path();
    const int descriptor = ::inotify_add_watch(inotify_.get(), above.c_str(), kEvents | IN_ONLYDIR);
    if (descriptor < 0) {
      cannot_watch(root, errno);
      continue;
    }
    note(descriptor, {above, root, true});
    break;
  } while (above.has_relative_path());
}

// The kernel follows links when it is asked to watch, and says nothing of them.
void HotReload::watch_links(const std::string& root) {
  std::error_code ec;
  for (std::filesystem::path at = root; at.has_relative_path(); at = at.parent_path()) {
    if (!std::filesystem::is_symlink(at, ec)) continue;
    const std::filesystem::path above = at.parent_path();
    const int descriptor = ::inotify_add_watch(inotify_.get(), above.c_str(), kEvents | IN_ONLYDIR);
    if (descriptor < 0)
      cannot_watch(root, errno);
    else
      note(descriptor, {above, root, false, at.filename()});
  }
}

// Something has changed above a root that had gone.
bool HotReload::come_back(const std::string& root) {
  drop(root);
  watch_above(root);
  std::error_code ec;
  // After the watch: it may have come before.
  if (!std::filesystem::is_directory(root, ec)) return false;
  drop(root);
  roots_.insert_or_assign(root, CodeFolder::open(root));
  watch_links(root);
  add({root, root});
  return true;
}

// Events were lost.
void HotReload::begin_again() {
  for (const auto& [root, code] : roots_) come_back(root);
}

void HotReload::close() {
  while (!roots_.empty()) forget(std::string(roots_.begin()->first));
}

bool HotReload::is_code(const std::string& path, const std::string& root, EntryKind kind) const {
  if (path.ends_with(std::string("/") + kByteCode)) return false;
  const CodeFolder& code = roots_.at(root);
  const std::string relative = path.substr(root.size() + 1);
  // The folders above it, too: the rules may have changed since they were watched.
  for (size_t slash = relative.find('/'); slash != std::string::npos;
       slash = relative.find('/', slash + 1))
    if (!code.why_left_out(relative.substr(0, slash), EntryKind::kFolder).empty()) return false;
  return code.why_left_out(relative, kind).empty();
}

// Calls nobody back at once: nothing is late while no part is posted.
void HotReload::add(Folder folder) {
  if (adding_) late_.insert(folder.root);
  to_add_.push_back(std::move(folder));
  if (!adding_) add_part();
}

void HotReload::add_part() {
  for (size_t left = kPart; left > 0 && !to_add_.empty(); --left) {
    const Folder folder = std::move(to_add_.front());
    to_add_.pop_front();
    add_folder(folder);
  }
  adding_ = !to_add_.empty();
  if (!adding_) {
    for (const auto& root : std::exchange(late_, {})) changed_(root);
    return;
  }
  for (const Folder& waits : to_add_) late_.insert(waits.root);
  loop_.post_late([this, alive = alive_] {
    if (*alive) add_part();
  });
}

void HotReload::add_folder(const Folder& folder) {
  const int descriptor =
      ::inotify_add_watch(inotify_.get(), folder.path.c_str(), kEvents | IN_ONLYDIR);
  if (descriptor < 0) return cannot_watch(folder.root, errno);
  note(descriptor, folder);
  std::error_code ec;
  for (std::filesystem::directory_iterator at(folder.path, ec), end; !ec && at != end;
       at.increment(ec))
    if (std::error_code unknown; at->is_directory(unknown) && !at->is_symlink(unknown) &&
                                 is_code(at->path(), folder.root, EntryKind::kFolder))
      to_add_.push_back({at->path(), folder.root});
}

void HotReload::read_events() {
  alignas(struct inotify_event) char buffer[16384];
  std::set<std::string> changed;
  for (;;) {
    const ssize_t n = ::read(inotify_.get(), buffer, sizeof buffer);
    if (n <= 0) break;
    for (ssize_t at = 0; at < n;) {
      const auto* event = reinterpret_cast<const struct inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof *event + event->len);
      if ((event->mask & IN_Q_OVERFLOW) != 0) {
        begin_again();
        for (const auto& [root, code] : roots_) changed.insert(root);
        continue;
      }
      const auto watch = watches_.find(event->wd);
      if (watch == watches_.end()) continue;
      const std::vector<Folder> folders = watch->second;
      if ((event->mask & IN_IGNORED) != 0) watches_.erase(watch);
      const std::string name = event->len > 0 ? event->name : "";
      for (const Folder& folder : folders)
        if (see(folder, event->mask, name)) changed.insert(folder.root);
    }
  }
  for (const auto& root : changed)
    if (roots_.contains(root)) changed_(root);
}

// Whether this event of a folder changes its root.
bool HotReload::see(const Folder& folder, uint32_t mask, const std::string& name) {
  const auto& [path, root, is_above, link] = folder;
  constexpr uint32_t kOther = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
  if (!link.empty()) {
    const bool other = name == link && (mask & kOther) != 0;
    if (other) come_back(root);
    return other;
  }
  const bool has_gone = (mask & (IN_IGNORED | IN_MOVE_SELF)) != 0;
  if (is_above || (has_gone && path == root)) {
    if (!has_gone && (mask & (IN_CREATE | IN_MOVED_TO)) == 0) return false;
    return come_back(root) || has_gone;
  }
  const bool of_folder = (mask & IN_ISDIR) != 0;
  if (name.empty()) return true;
  const std::string entry = path + "/" + name;
  if (entry == root + "/" + kIgnoreFile || entry == root + "/" + kGitIgnoreFile)
    roots_.insert_or_assign(root, CodeFolder::open(root));
  if (!is_code(entry, root, of_folder ? EntryKind::kFolder : EntryKind::kFile)) return false;
  if (of_folder && (mask & (IN_CREATE | IN_MOVED_TO)) != 0) add({entry, root});
  return true;
}

}  // namespace kiln::engine
