// Watches folders that are run in place and says when something in one of them has changed
// (inotify, with subfolders). Threading: its loop only.
#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <functional>
#include <map>
#include <string>

#include "net/io_loop.h"

namespace kiln::engine {

class HotReload {
 public:
  using Changed = std::function<void(const std::string& folder)>;
  HotReload(net::IoLoop& loop, Changed changed);

  void watch(const std::string& folder);  // again: no effect

 private:
  void add_tree(const std::string& folder, const std::string& root);
  void wait();
  void read_events();

  boost::asio::posix::basic_stream_descriptor<net::Executor> inotify_;
  Changed changed_;
  std::map<int, std::pair<std::string, std::string>> watches_;  // descriptor → path, root
  std::map<std::string, int> roots_;
};

}  // namespace kiln::engine
