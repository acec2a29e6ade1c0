// Watches folders that are run in place and says when code in one of them has changed (inotify,
// with subfolders). base/code_folder.h says what code is; byte code that Python writes isn't.
// Threading: its loop only.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/code_folder.h"
#include "base/unique_fd.h"
#include "net/io_loop.h"
#include "net/watch.h"

namespace kiln::engine {

class HotReload {
 public:
  using Changed = std::function<void(const std::string& folder)>;
  HotReload(net::IoLoop& loop, Changed changed);

  void watch(const std::string& folder);  // again: no effect

 private:
  void add_tree(const std::string& folder, const std::string& root);
  bool is_code(const std::string& path, const std::string& root, EntryKind kind) const;
  void read_events();

  UniqueFd inotify_;
  Changed changed_;
  std::map<int, std::pair<std::string, std::string>> watches_;  // descriptor → path, root
  std::map<std::string, CodeFolder> roots_;
  net::Watch watch_;
};

}  // namespace kiln::engine
