#include "store/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

namespace kiln::store {
namespace {

Error unusable(const std::string& path, const std::string& what, const std::string& next_step) {
  return {ErrorKind::kInternal, "DataDirUnusable",
          "the data folder " + path + " can't be used: " + what + ". " + next_step};
}

// What the owner wrote into its lock file.
std::string owner_of(int lock_fd) {
  std::array<char, 32> text{};
  const ssize_t n = pread(lock_fd, text.data(), text.size(), 0);
  std::string pid(text.data(), n > 0 ? static_cast<size_t>(n) : 0);
  pid.erase(pid.find_last_not_of("\n ") + 1);
  const bool is_pid = !pid.empty() && pid.find_first_not_of("0123456789") == std::string::npos;
  return is_pid ? "process " + pid : "another process";
}

// One that was just killed lets go when it is quite gone, a moment later.
bool take(int lock_fd) {
  constexpr int kTries = 50;
  for (int i = 0; i < kTries; ++i) {
    if (flock(lock_fd, LOCK_EX | LOCK_NB) == 0) return true;
    if (errno != EWOULDBLOCK && errno != EINTR) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  errno = EWOULDBLOCK;
  return false;
}

}  // namespace

Result<DataDir> DataDir::open(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr const char* kChooseAnother = "Choose another one with --data-dir.";
  std::error_code ec;
  const fs::path absolute = fs::absolute(path.empty() ? "." : path, ec).lexically_normal();
  if (ec) return unusable(path, ec.message(), kChooseAnother);
  fs::create_directories(absolute, ec);
  if (ec) return unusable(absolute, ec.message(), kChooseAnother);

  const std::string lock_path = absolute / "lock";
  UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!lock) {
    return unusable(absolute, std::string("its file lock: ") + std::strerror(errno),
                    kChooseAnother);
  }
  UniqueFd folder(::open(absolute.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const bool is_free = (take(folder.get()) || errno != EWOULDBLOCK) && take(lock.get());
  if (!is_free) {
    if (errno != EWOULDBLOCK) {
      return unusable(absolute, std::string("its file lock: ") + std::strerror(errno),
                      kChooseAnother);
    }
    return unusable(absolute, owner_of(lock.get()) + " uses it",
                    "Stop that one, or choose another folder with --data-dir.");
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(lock.get(), 0) != 0 ||
      pwrite(lock.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return unusable(absolute, std::string("its file lock: ") + std::strerror(errno),
                    "Make room on the disk, or choose another folder with --data-dir.");
  }
  return DataDir(absolute.string(), std::move(folder), std::move(lock));
}

}  // namespace kiln::store
