#include "sdk/core/environment_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace kiln::sdk {
namespace {

bool copy_file(int from, const char* name, int to, mode_t mode) {
  const int in = ::openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (in < 0) return false;
  const int out = ::openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 07777);
  ssize_t n = out < 0 ? -1 : 1;
  while (n > 0 || (n < 0 && errno == EINTR && out >= 0)) n = ::sendfile(out, in, nullptr, 1 << 24);
  const int why = errno;
  if (out >= 0) ::close(out);
  ::close(in);
  errno = why;
  return n == 0;
}

bool copy_link(int from, const char* name, int to) {
  char target[4096];
  const ssize_t n = ::readlinkat(from, name, target, sizeof target - 1);
  if (n < 0) return false;
  target[n] = '\0';
  return ::symlinkat(target, to, name) == 0;
}

bool copy_tree(int from, int to, int depth) {
  const int listed = ::openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* folder = listed < 0 ? nullptr : ::fdopendir(listed);
  if (folder == nullptr) return false;
  bool whole = depth < 64;
  if (!whole) errno = ELOOP;
  while (const struct dirent* entry = whole ? ::readdir(folder) : nullptr) {
    const char* name = entry->d_name;
    if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
    struct stat st = {};
    if (::fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
      whole = false;
    } else if (S_ISREG(st.st_mode)) {
      whole = copy_file(from, name, to, st.st_mode);
    } else if (S_ISLNK(st.st_mode)) {
      whole = copy_link(from, name, to);
    } else if (S_ISDIR(st.st_mode)) {
      const int inner = ::openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      const int made = inner >= 0 && ::mkdirat(to, name, st.st_mode & 07777) == 0
                           ? ::openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                           : -1;
      whole = made >= 0 && copy_tree(inner, made, depth + 1);
      if (made >= 0) ::close(made);
      if (inner >= 0) ::close(inner);
    }
  }
  ::closedir(folder);
  return whole;
}

// The file that `fd` is, opened again; -1: it can't be.
int open_again(int fd, const struct stat& st, dev_t old_tmp) {
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = ::readlink(link, path, sizeof path - 1);
  const int flags = ::fcntl(fd, F_GETFL);
  if (n <= 0 || flags < 0 || path[0] != '/') return -1;
  path[n] = '\0';
  // Memory with a descriptor; and a file without a name would be the same file for all.
  if (std::strncmp(path, "/memfd:", 7) == 0) return -1;
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  const bool moved = st.st_dev == old_tmp;
  if ((writes || moved) && n > 10 && std::strcmp(path + n - 10, " (deleted)") == 0) return -1;
  const int again =
      ::open(moved ? path : link, (flags & ~(O_CREAT | O_EXCL | O_TRUNC)) | O_CLOEXEC);
  if (again >= 0 && S_ISREG(st.st_mode)) ::lseek(again, ::lseek(fd, 0, SEEK_CUR), SEEK_SET);
  return again;
}

// Reads of it find the end, writes fail: as a connection that broke meanwhile.
int dead_end() {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return -1;
  ::close(pair[1]);
  return pair[0];
}

bool replace(int fd, int by) {
  if (by < 0) return false;
  const int flags = ::fcntl(fd, F_GETFD);
  const bool done = ::dup3(by, fd, (flags & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0) == fd;
  ::close(by);
  return done;
}

bool is_shared_line(const char* line) {
  const char* rights = std::strchr(line, ' ');
  return rights != nullptr && std::strlen(rights) > 4 && rights[2] == 'w' && rights[4] == 's';
}

// `take` gets each line of the process's maps, without its end, until it answers false.
void each_map(bool (*take)(const char* line, void* data), void* data) {
  const int fd = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  char text[8192];
  size_t have = 0;
  bool more = true;
  for (ssize_t n; more && (n = ::read(fd, text + have, sizeof text - 1 - have)) > 0;) {
    have += static_cast<size_t>(n);
    text[have] = '\0';
    char* line = text;
    for (char* end; more && (end = std::strchr(line, '\n')) != nullptr; line = end + 1) {
      *end = '\0';
      more = take(line, data);
    }
    have -= static_cast<size_t>(line - text);
    std::memmove(text, line, have);
  }
  ::close(fd);
}

// The process's pages, as copy_memory() goes over them.
struct Pages {
  static constexpr size_t kPage = 4096;
  static constexpr size_t kMostOfMapping = 32, kMostCopies = 128, kMostCode = 1024;

  int map = -1;
  size_t copies = kMostCopies, code = kMostCode;
  // A mapping may be terabytes, and empty; and there may be many.
  static constexpr size_t kMostLooks = 1024;
  size_t looks = 8 * kMostLooks;

  // Those of [begin, end) that were written before the fork.
  void copy_written(unsigned long begin, unsigned long end) {
    const size_t room = kMostLooks < looks ? kMostLooks : looks;
    if ((end - begin) / kPage > room) end = begin + room * kPage;
    size_t left = kMostOfMapping < copies ? kMostOfMapping : copies;
    uint64_t words[64];
    while (left > 0 && begin < end) {
      const size_t most = (end - begin) / kPage < 64 ? (end - begin) / kPage : 64;
      const ssize_t n = ::pread(map, words, most * sizeof words[0],
                                static_cast<off_t>(begin / kPage * sizeof words[0]));
      if (n < static_cast<ssize_t>(sizeof words[0])) return;
      for (size_t i = 0; i < static_cast<size_t>(n) / sizeof words[0];
           ++i, begin += kPage, --looks) {
        constexpr uint64_t kPresent = uint64_t{1} << 63, kOfFile = uint64_t{1} << 61;
        if ((words[i] & (kPresent | kOfFile)) != kPresent || left == 0) continue;
        if (::madvise(reinterpret_cast<void*>(begin), kPage, MADV_POPULATE_WRITE) != 0) return;
        --left, --copies;
      }
    }
  }

  void map_code(unsigned long begin, unsigned long end) {
    const size_t all = (end - begin) / kPage, most = all < code ? all : code;
    if (most == 0) return;
    ::madvise(reinterpret_cast<void*>(begin), most * kPage, MADV_POPULATE_READ);
    code -= most;
  }
};

}  // namespace

long long tmp_bytes() {
  struct statvfs fs = {};
  if (::statvfs("/tmp", &fs) != 0) return 512LL * 1024 * 1024;
  return static_cast<long long>(fs.f_blocks) * static_cast<long long>(fs.f_frsize);
}

bool copy_folder(int from, const char* to) {
  const int target = ::open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (target < 0) return false;
  const bool done = copy_tree(from, target, 0);
  const int why = errno;
  ::close(target);
  errno = why;
  return done;
}

bool cut_descriptors(const int* own, size_t count, dev_t old_tmp) {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return false;
  const int listing = ::dirfd(folder);
  bool done = true;
  while (const struct dirent* entry = done ? ::readdir(folder) : nullptr) {
    const int fd = entry->d_name[0] == '.' ? -1 : std::atoi(entry->d_name);
    bool kept = fd <= 2 || fd == listing;
    for (size_t i = 0; i < count; ++i) kept = kept || fd == own[i];
    struct stat st = {};
    if (kept || ::fstat(fd, &st) != 0) continue;
    const bool is_file = S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISCHR(st.st_mode);
    const int again = is_file ? open_again(fd, st, old_tmp) : -1;
    done = replace(fd, again >= 0 ? again : dead_end());
  }
  ::closedir(folder);
  return done;
}

bool has_children() {
  char path[64], text[32];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/children", ::getpid());
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t n = ::read(fd, text, sizeof text);
  ::close(fd);
  return n > 0;
}

bool has_shared_memory() {
  bool found = false;
  each_map(
      [](const char* line, void* out) {
        *static_cast<bool*>(out) = is_shared_line(line);
        return !*static_cast<bool*>(out);
      },
      &found);
  return found;
}

void copy_memory() {
  Pages pages;
  pages.map = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (pages.map < 0) return;
  each_map(
      [](const char* line, void* out) {
        Pages& of = *static_cast<Pages*>(out);
        unsigned long begin = 0, end = 0;
        char rights[5] = {};
        if (std::sscanf(line, "%lx-%lx %4s", &begin, &end, rights) != 3) return true;
        if (std::strcmp(rights, "rw-p") == 0) of.copy_written(begin, end);
        if (std::strcmp(rights, "r-xp") == 0) of.map_code(begin, end);
        return true;
      },
      &pages);
  ::close(pages.map);
}

}  // namespace kiln::sdk
