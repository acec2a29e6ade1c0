#include "engine/channel_marker.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cstring>
#include <map>
#include <tuple>

#include "base/channel_frame.h"
#include "base/mutex.h"
#include "base/template_fd.h"
#include "base/unique_fd.h"

namespace kiln::engine {
namespace {

using Identity = std::tuple<dev_t, ino_t, off_t, int64_t, int64_t>;
constexpr size_t kMaxKnown = 10'000;

BootstrapSkills read_skills(int fd, size_t size) {
  if (size == 0) return {};
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) return {};
  const auto holds = [&](const char* name) {
    return ::memmem(data, size, name, std::strlen(name)) != nullptr;
  };
  BootstrapSkills skills;
  skills.direct_channel = holds(kChannelFdVariable);
  skills.snapshots = skills.direct_channel && holds(kTemplateFdVariable);
  ::munmap(data, size);
  return skills;
}

}  // namespace

BootstrapSkills skills_of(const std::string& bootstrap) {
  static Mutex mutex;
  static std::map<Identity, BootstrapSkills> known;
  struct stat st = {};
  if (::stat(bootstrap.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return {};
  const Identity identity{st.st_dev, st.st_ino, st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec};
  {
    const MutexLock lock(mutex);
    if (const auto one = known.find(identity); one != known.end()) return one->second;
  }
  const UniqueFd fd(::open(bootstrap.c_str(), O_RDONLY | O_CLOEXEC));
  const BootstrapSkills skills =
      fd ? read_skills(fd.get(), static_cast<size_t>(st.st_size)) : BootstrapSkills{};
  const MutexLock lock(mutex);
  if (known.size() >= kMaxKnown) known.clear();
  return known[identity] = skills;
}

}  // namespace kiln::engine
