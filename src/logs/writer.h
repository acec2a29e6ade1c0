// Appends to the files of many log streams, keeping a bounded number of them open; rotates by size;
// removes streams, groups and what is too old. Marks streams whose lines are not in the order of
// their times. One thread uses it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/unique_fd.h"

namespace kiln::logs {

class LogWriter {
 public:
  LogWriter(std::string root, int64_t rotate_bytes, size_t max_open);

  // `lines` are whole lines. Error: the disk did not take all of them.
  Result<void> write(const std::string& region, const std::string& group, const std::string& stream,
                     std::string_view lines);

  // Error: something of it stays.
  Result<void> remove_stream(const std::string& region, const std::string& group,
                             const std::string& stream);
  Result<void> remove_group(const std::string& region, const std::string& group);
  // Removes a stream's events before `before_ms`; the stream itself stays. Files are replaced: no
  // reader may be at them.
  Result<void> expire_stream(const std::string& region, const std::string& group,
                             const std::string& stream, int64_t before_ms);

 private:
  struct OpenFile {
    std::string path;
    UniqueFd fd;
    ino_t inode = 0;
    int64_t size = 0;
    std::string last_stamp;  // of the latest event; "": none yet
    bool unordered = false;  // and marked so
    bool named = false;      // what is cut from its names is beside it
  };
  using Files = std::list<OpenFile>;  // the last used first

  Result<Files::iterator> find(const std::string& dir, const std::string& path);
  Result<Files::iterator> open(const std::string& dir, const std::string& path);
  Result<void> rotate(OpenFile& file);
  Result<void> write_all(OpenFile& file, std::string_view lines);
  void check_order(OpenFile& file, std::string_view lines);
  void close_below(const std::string& path_prefix);
  std::string group_dir(const std::string& region, const std::string& group) const;

  std::string root_;
  int64_t rotate_bytes_;
  size_t max_open_;
  Files files_;
  std::unordered_map<std::string, Files::iterator> by_path_;
};

}  // namespace kiln::logs
