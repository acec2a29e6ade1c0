// A folder of its own for one test, removed with all that is in it. Tests only.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include "base/ids.h"

namespace kiln {

class TestDir {
 public:
  TestDir() : path_(std::filesystem::temp_directory_path() / ("kiln-test-" + new_hex(8))) {
    std::filesystem::create_directories(path_);
  }
  ~TestDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestDir(const TestDir&) = delete;
  TestDir& operator=(const TestDir&) = delete;

  std::string path() const { return path_.string(); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace kiln
