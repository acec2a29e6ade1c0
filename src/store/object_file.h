// A file that is being written to become an object's or a part's content. What is not kept goes
// with the object. Not thread-safe.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace kiln::store {

class ObjectFile {
 public:
  // Makes a file of a new name below `root`. Error type: InternalError, as S3 has it. `ending`: the
  // engine goes down, and nothing more is written.
  static Result<ObjectFile> create(const std::string& root, std::stop_token ending = {});
  ObjectFile(ObjectFile&& other) noexcept;
  ObjectFile& operator=(ObjectFile&&) = delete;
  ~ObjectFile();

  Result<void> write(std::string_view bytes);
  int64_t size() const { return size_; }
  const std::string& name() const { return name_; }
  // The file stays.
  void keep() { kept_ = true; }

 private:
  ObjectFile(std::string path, std::string name, UniqueFd fd, std::stop_token ending);

  std::string path_;
  std::string name_;
  UniqueFd fd_;
  std::stop_token ending_;
  int64_t size_ = 0;
  bool kept_ = false;
};

// ROOT/ab/abcdef…
std::string object_path(const std::string& root, const std::string& name);
Error object_disk_error(const std::string& path, int code);

}  // namespace kiln::store
