// Deployment packages on disk: data_dir/code/HEX.zip and, unpacked, data_dir/code/HEX/. HEX is the
// SHA-256 of the zip, so equal packages are kept once.
//
// A package is hostile: names that leave the folder, links that point out of it, devices, bombs and
// archives beyond `max_unzipped_bytes` are refused and leave nothing behind. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/function.h"

namespace kiln::store {

struct CodeLimits {
  int64_t max_zip_bytes = 52'428'800;        // direct upload: 413 RequestEntityTooLargeException
  int64_t max_unzipped_bytes = 262'144'000;  // 400 InvalidParameterValueException
  int64_t max_entries = 100'000;
};

class CodeStore {
 public:
  CodeStore(std::string root, CodeLimits limits = {});

  // Checks and unpacks; returns its location. Errors carry AWS's type and text. Survives being
  // killed half-way: an unfinished folder is under a temporary name and is removed by collect().
  Result<model::CodeLocation> add_zip(std::string_view zip);
  // Code={"S3Bucket":"hot-reload","S3Key":"/absolute/dir"}.
  Result<model::CodeLocation> add_hot_reload(const std::string& dir) const;

  // Folder to be mounted at /var/task.
  std::string task_dir(const model::CodeLocation& code) const;
  std::string zip_path(const model::CodeLocation& code) const;
  // Removes every package whose hex key is not in `used`, except those added since the process
  // began and not yet in use by a function (they may be about to be).
  void collect(const std::set<std::string>& used);

 private:
  std::string root_;
  CodeLimits limits_;
  std::mutex mutex_;
};

}  // namespace kiln::store
