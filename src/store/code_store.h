// Deployment packages on disk: data_dir/code/HEX.zip and, unpacked, data_dir/code/HEX/. HEX is the
// SHA-256 of the zip, so equal packages are kept once. Functions with several layers also have
// data_dir/code/layers-HEX/, where HEX is of the packages' keys: hard links to their files.
//
// A package is hostile: see unzip.h. A refused one leaves nothing behind. Thread-safe; add_zip
// blocks on the disk and unpacks on the caller's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "model/function.h"

namespace kiln::store {

struct CodeLimits {
  int64_t max_zip_bytes = 52'428'800;        // direct upload: 413 RequestEntityTooLargeException
  int64_t max_unzipped_bytes = 262'144'000;  // 400 InvalidParameterValueException
  int64_t max_entries = 100'000;             // files, links and folders
};

// Where a package comes from: the limit of the zip's own size is for those in a request.
enum class ZipSource { kRequest, kObject };

// As whom functions read their code.
enum class CodeReaders { kOwner, kOthers };

class CodeStore {
 public:
  // `ending`: the engine goes down, and nothing more is unpacked or merged.
  CodeStore(std::string root, CodeLimits limits = {}, std::stop_token ending = {});

  // Checks and unpacks; returns its location. Errors carry AWS's type and text. Survives being
  // killed half-way: an unfinished folder is under a temporary name and is removed by collect().
  Result<model::CodeLocation> add_zip(std::string_view zip, ZipSource source = ZipSource::kRequest);
  // Code={"S3Bucket":"hot-reload","S3Key":"/absolute/dir"}.
  Result<model::CodeLocation> add_hot_reload(const std::string& dir) const;

  // Before functions are made: add_hot_reload() refuses folders that they couldn't read.
  void set_readers(CodeReaders readers) { readers_ = readers; }

  // Makes one folder of several packages, a later one's files over an earlier one's, and returns
  // its key; that of a single package is its own. Error: a package is not there any more.
  Result<std::string> merge(const std::vector<std::string>& keys);

  const CodeLimits& limits() const { return limits_; }
  // The unpacked package, or what merge() made.
  std::string folder(const std::string& key) const { return root_ + "/" + key; }
  // Folder to be mounted at /var/task.
  std::string task_dir(const model::CodeLocation& code) const;
  // "" for a hot-reload folder.
  std::string zip_path(const model::CodeLocation& code) const;
  // Keeps the folder from collect() for as long as the result lives: a sandbox has it mounted. The
  // store must outlive it. nullptr for the key "".
  std::shared_ptr<const void> pin(const std::string& key);
  // While it lives, collect() spares the packages that were added since it began: whoever has added
  // them is about to refer to them. The store must outlive it.
  using Hold = std::shared_ptr<const uint64_t>;
  Hold hold();
  // Taken before one asks which packages are used: as old as the oldest of those that live, because
  // the answer doesn't have what they are about to refer to.
  Hold hold_for_collect();
  // Removes every package whose hex key is neither in `used` nor pinned nor held.
  void collect(const std::set<std::string>& used, const Hold& since);

 private:
  // Makes the zip and the folder of `key` appear under their final names.
  Result<void> install(std::string_view zip, const std::string& key, const std::string& unfinished);
  // A temporary name that collect() spares until finish_unfinished().
  std::string begin_unfinished();
  Hold hold_since(uint64_t number) KILN_REQUIRES(mutex_);
  void finish_unfinished(const std::string& unfinished);

  std::string root_;
  CodeLimits limits_;
  std::stop_token ending_;
  CodeReaders readers_ = CodeReaders::kOwner;
  Mutex mutex_;
  std::map<std::string, int> pinned_ KILN_GUARDED_BY(mutex_);  // by key: how often
  std::set<std::string> unfinished_
      KILN_GUARDED_BY(mutex_);  // temporary names in use by add_zip now
  // In the order in which packages were added, and in which holds began.
  uint64_t last_number_ KILN_GUARDED_BY(mutex_) = 0;
  std::map<std::string, uint64_t> added_ KILN_GUARDED_BY(mutex_);
  std::multiset<uint64_t> holds_ KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::store
