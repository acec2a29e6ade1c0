#include "engine/hot_reload.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

namespace kiln::engine {
namespace {

constexpr uint32_t kEvents =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB;
constexpr const char* kByteCode = "__pycache__";

}  // namespace

HotReload::HotReload(net::IoLoop& loop, Changed changed)
    : loop_(loop),
      inotify_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      changed_(std::move(changed)),
      watch_(loop, inotify_.get(), [this] { read_events(); }) {}

HotReload::~HotReload() { *alive_ = false; }

void HotReload::watch(const std::string& folder) {
  if (!roots_.emplace(folder, CodeFolder::open(folder)).second) return;
  add({folder, folder});
}

void HotReload::forget(const std::string& folder) {
  if (roots_.erase(folder) == 0) return;
  late_.erase(folder);
  std::erase_if(to_add_, [&](const Folder& waits) { return waits.root == folder; });
  std::erase_if(watches_, [&](const auto& watch) {
    if (watch.second.root != folder) return false;
    ::inotify_rm_watch(inotify_.get(), watch.first);
    return true;
  });
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
  if (descriptor < 0) return;
  watches_[descriptor] = folder;
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
      const auto watch = watches_.find(event->wd);
      if (watch == watches_.end()) continue;
      const auto [folder, root] = watch->second;
      if ((event->mask & IN_IGNORED) != 0) watches_.erase(watch);
      const bool of_folder = (event->mask & IN_ISDIR) != 0;
      if (event->len > 0) {
        const std::string path = folder + "/" + event->name;
        if (path == root + "/" + kIgnoreFile || path == root + "/" + kGitIgnoreFile)
          roots_.insert_or_assign(root, CodeFolder::open(root));
        if (!is_code(path, root, of_folder ? EntryKind::kFolder : EntryKind::kFile)) continue;
        if (of_folder && (event->mask & (IN_CREATE | IN_MOVED_TO)) != 0) add({path, root});
      }
      changed.insert(root);
    }
  }
  for (const auto& root : changed) changed_(root);
}

}  // namespace kiln::engine
