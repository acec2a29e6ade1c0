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
#include <sstream>
#include <thread>

namespace kiln::store {
namespace {

Error unusable(const std::string& path, const std::string& what, const std::string& next_step) {
  return {ErrorKind::kInternal, "DataDirUnusable",
          "the data folder " + path + " can't be used: " + what + ". " + next_step};
}

bool write_owner(int lock_fd, const std::string& text) {
  return ftruncate(lock_fd, 0) == 0 &&
         pwrite(lock_fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

// By what the owner wrote into its lock file: its process, and where it answers.
Error in_use(const std::string& path, int lock_fd) {
  std::array<char, 320> text{};
  const ssize_t n = pread(lock_fd, text.data(), text.size(), 0);
  std::istringstream lines(std::string(text.data(), n > 0 ? static_cast<size_t>(n) : 0));
  std::string pid, url;
  lines >> pid >> url;
  if (pid.find_first_not_of("0123456789") != std::string::npos) pid.clear();
  return {ErrorKind::kInternal, "DataDirInUse",
          already_running(url, pid, path) +
              ", or start a second one with `kiln serve --data-dir FOLDER --port 0`."};
}

// Whether this machine, and not a container alone, knows the process as one.
bool is_a_kiln(const std::string& process) {
  std::string name;
  std::getline(std::ifstream("/proc/" + process + "/comm"), name);
  return !process.empty() && name.starts_with("kiln");
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

std::string already_running(const std::string& url, const std::string& process,
                            const std::string& data_dir) {
  const std::string pid = is_a_kiln(process) ? process : "";
  return "a Kiln is already running" + (url.empty() ? "" : " on " + url) +
         (pid.empty() ? "" : " (process " + pid + ")") + ", with its state in " + data_dir +
         ". Use that one, or end it" + (pid.empty() ? "" : " with `kill " + pid + "`");
}

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
    return in_use(absolute, lock.get());
  }
  if (!write_owner(lock.get(), std::to_string(getpid()) + "\n")) {
    return unusable(absolute, std::string("its file lock: ") + std::strerror(errno),
                    "Make room on the disk, or choose another folder with --data-dir.");
  }
  return DataDir(absolute.string(), std::move(folder), std::move(lock));
}

void DataDir::tell_address(const std::string& url) const {
  write_owner(lock_.get(), std::to_string(getpid()) + "\n" + url + "\n");
}

}  // namespace kiln::store
