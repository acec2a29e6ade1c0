// A core file of a function's process, written by gcore of gdb beside whatever else goes on: the
// kernel's own cores go where the machine's core_pattern says, which functions can't reach.
//
// Threading: one thread. Ownership: of gcore's processes, which end with this. Cost: gcore takes
// some hundred milliseconds and as much disk as the process has memory.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace kiln::engine {

class CoreFile {
 public:
  // `folder` is made if it isn't there. Error: why there will be none, for the function's log.
  static Result<CoreFile> begin(const std::string& folder, pid_t process);
  CoreFile(CoreFile&& other) noexcept;
  CoreFile& operator=(CoreFile&&) = delete;
  ~CoreFile();

  // Readable when gcore has ended.
  int ended_fd() const { return ended_.get(); }
  // Ends gcore if it hasn't ended. The file's path; an error as begin()'s.
  Result<std::string> finish();

  // What a function may ask for mustn't fill the disk: so many are kept, and so much stays free.
  static constexpr size_t kMost = 32;
  static constexpr uint64_t kFree = uint64_t{1} << 30;

 private:
  CoreFile(std::string path, pid_t gcore, UniqueFd ended);

  std::string path_;
  pid_t gcore_;
  UniqueFd ended_;
};

}  // namespace kiln::engine
