// The data folder of one running Kiln: made when absent, and locked so that only one process uses
// it.
//
//   auto dir = DataDir::open(".kiln");
//   Database::open(dir->path() + "/kiln.db");
//
// The lock goes with the object, and with the process however that ends. It is on the folder
// itself, so that nobody can delete it, and on the file `lock` in it, which holds the owner's pid
// and address: some network file systems lock no folders. Movable, not thread-safe.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace kiln::store {

class DataDir {
 public:
  // Error: the folder can't be made or written, or another process has it; the message names that
  // process and its address.
  static Result<DataDir> open(const std::string& path);

  const std::string& path() const { return path_; }  // absolute
  // Where its owner answers, for whoever wants the folder, too.
  void tell_address(const std::string& url) const;

 private:
  DataDir(std::string path, UniqueFd folder, UniqueFd lock)
      : path_(std::move(path)), folder_(std::move(folder)), lock_(std::move(lock)) {}

  std::string path_;
  UniqueFd folder_, lock_;
};

// What keeps a second Kiln from starting, and the first steps; ends without a full stop, so that
// others can follow. `url` and `process` may be empty: unknown.
std::string already_running(const std::string& url, const std::string& process,
                            const std::string& data_dir);

}  // namespace kiln::store
