#include "engine/channel_marker.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <string_view>
#include <tuple>

#include "base/channel_frame.h"
#include "base/mutex.h"
#include "base/template_fd.h"
#include "base/unique_fd.h"

namespace kiln::engine {
namespace {

using Identity = std::tuple<dev_t, ino_t, off_t, int64_t, int64_t>;
constexpr size_t kMaxKnown = 10'000;

constexpr size_t kProgramPart = 256 * 1024;
constexpr off_t kMostProgram = 512 * 1024 * 1024;  // no package unpacks to more

// By reads, not a mapping: the file may be one that a build writes anew at this moment.
BootstrapSkills read_skills(int fd) {
  constexpr std::array<std::string_view, 2> kNames{kChannelFdVariable, kTemplateFdVariable};
  const size_t overlap = std::max(kNames[0].size(), kNames[1].size()) - 1;
  std::array<bool, 2> found{};
  std::string part(overlap + kProgramPart, '\0');
  size_t kept = 0;  // of the part before, at the front
  for (off_t at = 0; at < kMostProgram && !(found[0] && found[1]);) {
    const ssize_t n = ::pread(fd, part.data() + kept, kProgramPart, at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    at += n;
    const std::string_view text(part.data(), kept + static_cast<size_t>(n));
    for (size_t i = 0; i < kNames.size(); ++i)
      if (!found[i])
        found[i] =
            ::memmem(text.data(), text.size(), kNames[i].data(), kNames[i].size()) != nullptr;
    kept = std::min(overlap, text.size());
    std::memmove(part.data(), text.data() + text.size() - kept, kept);
  }
  return {found[0], found[0] && found[1]};
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
  const UniqueFd fd(::open(bootstrap.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const BootstrapSkills skills = fd ? read_skills(fd.get()) : BootstrapSkills{};
  const MutexLock lock(mutex);
  if (known.size() >= kMaxKnown) known.clear();
  return known[identity] = skills;
}

}  // namespace kiln::engine
