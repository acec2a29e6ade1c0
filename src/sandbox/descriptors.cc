#include "sandbox/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/descriptor_need.h"

namespace kiln::sandbox {
namespace {

rlim_t soft_limit() {
  struct rlimit limit = {};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

}  // namespace

Result<void> raise_descriptor_limit(int loops) {
  struct rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  if (limit.rlim_max < descriptors_for(loops))
    return Error{ErrorKind::kUnavailable, "TooFewDescriptors",
                 "Kiln may have only " + std::to_string(limit.rlim_max) +
                     " open files, and needs " + std::to_string(descriptors_for(loops)) +
                     " at least" +
                     (loops > 1 ? " with " + std::to_string(loops) + " event loops" : "") +
                     "; raise the limit (ulimit -Hn, LimitNOFILE= of systemd)" +
                     (loops > 1 ? ", or choose fewer --threads" : "")};
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  return {};
}

int loops_for_descriptors() {
  struct rlimit limit = {};
  return loops_for(::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : RLIM_INFINITY);
}

bool is_kept_back(int fd) {
  const rlim_t limit = soft_limit();
  return static_cast<rlim_t>(fd) >= limit - descriptors_kept_back(limit);
}

bool is_in_upper_half(int fd) { return static_cast<rlim_t>(fd) >= soft_limit() / 2; }

size_t descriptors_for_callers() { return std::max<size_t>(1, soft_limit() / 4); }

std::string descriptor_fault(int error) {
  std::string text = std::strerror(error);
  if (error == EMFILE)
    text += "; Kiln may have " + std::to_string(soft_limit()) +
            ": raise the limit (ulimit -Hn, LimitNOFILE= of systemd), or let less run at a time "
            "(--account-concurrency)";
  if (error == EAGAIN)
    text +=
        "; Kiln may have no more processes: raise the limit (TasksMax= of systemd, pids.max of its "
        "group, --pids-limit of Docker, ulimit -u), or let less run at a time "
        "(--account-concurrency)";
  return text;
}

bool has_run_out(int error) {
  return error == EAGAIN || error == EMFILE || error == ENFILE || error == ENOMEM ||
         error == ENOBUFS || error == ENOSPC || error == ETOOMANYREFS;
}

Error machine_error(const char* type, const std::string& what, int error) {
  return {has_run_out(error) ? ErrorKind::kUnavailable : ErrorKind::kInternal, type,
          what + ": " + descriptor_fault(error)};
}

}  // namespace kiln::sandbox
