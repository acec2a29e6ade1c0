// Unpacking must stay in its folder and within its limits, whatever the archive.
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/check.h"
#include "store/unzip.h"
#include "tests/support/test_dir.h"

namespace fs = std::filesystem;

namespace {

const kiln::store::UnzipLimits kLimits{.max_bytes = 100'000, .max_entries = 50};

void check_tree(const fs::path& root) {
  int64_t bytes = 0, entries = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    ++entries;
    struct stat info {};
    KILN_CHECK(lstat(entry.path().c_str(), &info) == 0);
    if (S_ISREG(info.st_mode)) {
      bytes += info.st_size;
      KILN_CHECK((info.st_mode & 07000) == 0 && (info.st_mode & 0444) == 0444);
    } else if (S_ISDIR(info.st_mode)) {
      KILN_CHECK((info.st_mode & 07777) == 0755);
    } else {
      KILN_CHECK(S_ISLNK(info.st_mode));
      std::error_code ec;
      const fs::path to = fs::canonical(entry.path(), ec);
      // Dangling links and circles lead nowhere.
      if (!ec) KILN_CHECK((to.string() + "/").starts_with(root.string() + "/"));
    }
  }
  KILN_CHECK(bytes <= kLimits.max_bytes);
  KILN_CHECK(entries <= kLimits.max_entries);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const kiln::TestDir dir;
  const fs::path root = fs::path(dir.path()) / "task";
  fs::create_directory(root);
  const auto done =
      kiln::store::unzip({reinterpret_cast<const char*>(data), size}, root.string(), kLimits);
  // Nothing beside the folder, also after an error.
  KILN_CHECK(std::distance(fs::directory_iterator(dir.path()), {}) == 1);
  if (done.ok()) check_tree(root);
  return 0;
}
