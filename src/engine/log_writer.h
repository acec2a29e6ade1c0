// Appends to the files of many log streams, keeping a bounded number of them open; rotates by size.
// One thread uses it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/unique_fd.h"

namespace kiln::engine {

class LogWriter {
 public:
  LogWriter(std::string root, int64_t rotate_bytes, size_t max_open);

  // `lines` are whole lines. Error: the disk did not take all of them.
  Result<void> write(const std::string& region, const std::string& group, const std::string& stream,
                     std::string_view lines);

 private:
  struct OpenFile {
    std::string path;
    UniqueFd fd;
    int64_t size = 0;
  };
  using Files = std::list<OpenFile>;  // the last used first

  Result<Files::iterator> open(const std::string& dir, const std::string& path);
  Result<void> rotate(OpenFile& file);
  Result<void> write_all(OpenFile& file, std::string_view lines);

  std::string root_;
  int64_t rotate_bytes_;
  size_t max_open_;
  Files files_;
  std::unordered_map<std::string, Files::iterator> by_path_;
};

}  // namespace kiln::engine
