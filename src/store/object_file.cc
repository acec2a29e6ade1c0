#include "store/object_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/ids.h"
#include "base/stopping.h"

namespace kiln::store {

std::string object_path(const std::string& root, const std::string& name) {
  return root + "/" + name.substr(0, 2) + "/" + name;
}

Error object_disk_error(const std::string& path, int code) {
  return {ErrorKind::kInternal, "InternalError",
          "The file " + path + " can't be used: " + std::strerror(code) +
              ". Check the disk of the data folder."};
}

ObjectFile::ObjectFile(std::string path, std::string name, UniqueFd fd, std::stop_token ending)
    : path_(std::move(path)),
      name_(std::move(name)),
      fd_(std::move(fd)),
      ending_(std::move(ending)) {}

ObjectFile::ObjectFile(ObjectFile&& other) noexcept
    : path_(std::move(other.path_)),
      name_(std::move(other.name_)),
      fd_(std::move(other.fd_)),
      ending_(std::move(other.ending_)),
      size_(other.size_),
      kept_(other.kept_) {
  other.kept_ = true;
}

ObjectFile::~ObjectFile() {
  if (!kept_) ::unlink(path_.c_str());
}

Result<ObjectFile> ObjectFile::create(const std::string& root, std::stop_token ending) {
  std::string name = new_hex(16);
  std::string path = object_path(root, name);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  UniqueFd fd(::open(path.c_str(), kFlags, 0600));
  if (!fd && errno == ENOENT) {
    const std::string folder = path.substr(0, path.rfind('/'));
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
      return object_disk_error(folder, errno);
    fd.reset(::open(path.c_str(), kFlags, 0600));
  }
  if (!fd) return object_disk_error(path, errno);
  return ObjectFile(std::move(path), std::move(name), std::move(fd), std::move(ending));
}

Result<void> ObjectFile::write(std::string_view bytes) {
  if (ending_.stop_requested()) return stopping("ServiceUnavailable");
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return object_disk_error(path_, errno);
    bytes.remove_prefix(static_cast<size_t>(n));
    size_ += n;
  }
  return {};
}

}  // namespace kiln::store
