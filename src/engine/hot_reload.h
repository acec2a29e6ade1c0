// Watches folders that are run in place and says when code in one of them has changed (inotify,
// with subfolders). base/code_folder.h says what code is; byte code that Python writes isn't.
//
// A large tree is watched a part at a time, so that the loop goes on meanwhile. What may have
// changed before all of it was watched is covered by one call at the end. Threading: its loop only.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
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

  ~HotReload();

  // So many folders at a time.
  static constexpr size_t kPart = 128;

  void watch(const std::string& folder);   // again: no effect
  void forget(const std::string& folder);  // nothing more is said of it
  void close();                            // forgets all
  size_t watched() const { return watches_.size(); }

 private:
  struct Folder {
    std::string path, root;
  };

  void add(Folder folder);
  void add_part();
  void add_folder(const Folder& folder);
  bool is_code(const std::string& path, const std::string& root, EntryKind kind) const;
  void read_events();

  net::IoLoop& loop_;
  UniqueFd inotify_;
  Changed changed_;
  std::map<int, Folder> watches_;  // by descriptor
  std::map<std::string, CodeFolder> roots_;
  std::deque<Folder> to_add_;
  bool adding_ = false;         // the next part is posted
  std::set<std::string> late_;  // roots that were not watched whole at once
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  net::Watch watch_;
};

}  // namespace kiln::engine
