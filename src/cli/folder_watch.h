// Waits for changes of the code below a folder, as base/code_folder.h understands code.
//
// Linux's inotify. Not thread-safe. Cost: one watch for each folder.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/code_folder.h"
#include "base/unique_fd.h"

namespace kiln::cli {

class FolderWatch {
 public:
  // `left_out`: folders, relative, that are no code whatever the rules say: what a build makes.
  FolderWatch(std::string folder, std::vector<std::string> left_out);

  // What changed, relative paths; empty: nothing within `time`. Changes that come together are told
  // together.
  std::vector<std::string> wait(Duration time);

  // Why some changes go unseen (base/watch_fault.h), once; "": all are seen.
  std::string take_fault() { return std::exchange(fault_, {}); }

 private:
  bool is_code(const std::string& relative, EntryKind kind) const;
  void add_tree(const std::string& relative);
  void cannot_watch(int error);
  void read_events(std::vector<std::string>& changed);

  std::string folder_;
  std::vector<std::string> left_out_;
  CodeFolder code_;
  UniqueFd inotify_;
  std::string fault_;
  bool is_blind_ = false;               // a fault was noted
  std::map<int, std::string> watches_;  // descriptor → relative folder, "" for the top
};

}  // namespace kiln::cli
