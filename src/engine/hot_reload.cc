#include "engine/hot_reload.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <filesystem>
#include <set>

namespace kiln::engine {
namespace {

constexpr uint32_t kEvents =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB;
constexpr const char* kByteCode = "__pycache__";

}  // namespace

HotReload::HotReload(net::IoLoop& loop, Changed changed)
    : inotify_(loop.executor(), ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)),
      changed_(std::move(changed)) {
  wait();
}

void HotReload::watch(const std::string& folder) {
  if (roots_.contains(folder)) return;
  roots_[folder] = 1;
  add_tree(folder, folder);
}

void HotReload::add_tree(const std::string& folder, const std::string& root) {
  const int descriptor =
      ::inotify_add_watch(inotify_.native_handle(), folder.c_str(), kEvents | IN_ONLYDIR);
  if (descriptor < 0) return;
  watches_[descriptor] = {folder, root};
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ec))
    if (entry.is_directory(ec) && !entry.is_symlink(ec) && entry.path().filename() != kByteCode)
      add_tree(entry.path(), root);
}

void HotReload::wait() {
  inotify_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                      [this](boost::system::error_code ec) {
                        if (ec) return;
                        read_events();
                        wait();
                      });
}

void HotReload::read_events() {
  alignas(struct inotify_event) char buffer[16384];
  std::set<std::string> changed;
  for (;;) {
    const ssize_t n = ::read(inotify_.native_handle(), buffer, sizeof buffer);
    if (n <= 0) break;
    for (ssize_t at = 0; at < n;) {
      const auto* event = reinterpret_cast<const struct inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof *event + event->len);
      const auto watch = watches_.find(event->wd);
      if (watch == watches_.end()) continue;
      const std::string name = event->len > 0 ? event->name : "";
      if (name == kByteCode) continue;
      const auto [path, root] = watch->second;
      changed.insert(root);
      if ((event->mask & IN_ISDIR) != 0 && (event->mask & (IN_CREATE | IN_MOVED_TO)) != 0)
        add_tree(path + "/" + name, root);
      if ((event->mask & IN_IGNORED) != 0) watches_.erase(watch);
    }
  }
  for (const auto& root : changed) changed_(root);
}

}  // namespace kiln::engine
