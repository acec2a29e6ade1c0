// Watches folders that are run in place and says when code in one of them has changed (inotify,
// with subfolders). base/code_folder.h says what code is; byte code that Python writes isn't.
//
// Folders may lie within one another, and be one by several names. One that goes, or is renamed, is
// waited for: it counts as changed when there is one of that name again. So does one that is
// reached by a link which changes. Where events came faster
// than they were read, all folders count as changed. Where the machine lets no more be watched,
// that is told once for each folder, and the rest goes on.
//
// A large tree is watched a part at a time, so that the loop goes on meanwhile. What may have
// changed before all of it was watched is covered by one call at the end. Threading: its loop only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/code_folder.h"
#include "base/unique_fd.h"
#include "net/io_loop.h"
#include "net/watch.h"

namespace kiln::engine {

class HotReload {
 public:
  using Changed = std::function<void(const std::string& folder)>;
  using Trouble = std::function<void(const std::string& text)>;  // see base/watch_fault.h
  HotReload(net::IoLoop& loop, Changed changed, Trouble trouble);

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
    bool is_above = false;  // the root is gone: this one will see it come back
    std::string link = {};  // what leads to the root from here is a link of this name
  };

  // With the first folder: few functions run in place.
  bool open();
  void cannot_watch(const std::string& root, int error);
  void drop(const std::string& root);
  void note(int descriptor, const Folder& folder);
  void watch_above(const std::string& root);
  void watch_links(const std::string& root);
  // Whether it is there, and watched again.
  bool come_back(const std::string& root);
  void begin_again();

  void add(Folder folder);
  void add_part();
  void add_folder(const Folder& folder);
  bool is_code(const std::string& path, const std::string& root, EntryKind kind) const;
  void read_events();
  bool see(const Folder& folder, uint32_t mask, const std::string& name);

  net::IoLoop& loop_;
  UniqueFd inotify_;
  Changed changed_;
  Trouble trouble_;
  std::set<std::string> blind_;  // roots of which trouble was told
  // By descriptor, which is one for each folder on the disk.
  std::map<int, std::vector<Folder>> watches_;
  std::map<std::string, CodeFolder> roots_;
  std::deque<Folder> to_add_;
  bool adding_ = false;         // the next part is posted
  std::set<std::string> late_;  // roots that were not watched whole at once
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::optional<net::Watch> watch_;  // of inotify_
};

}  // namespace kiln::engine
