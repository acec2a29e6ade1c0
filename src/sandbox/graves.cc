#include "sandbox/graves.h"

#include <utility>

#include "sandbox/pidfd.h"

namespace kiln::sandbox {

void Graves::add(UniqueFd pidfd, std::unique_ptr<Cgroup> cgroup, std::function<void()> ended) {
  const At at = graves_.emplace(graves_.end());
  at->pidfd = std::move(pidfd);
  at->cgroup = std::move(cgroup);
  at->ended = std::move(ended);
  at->watch.emplace(loop_, at->pidfd.get(), [this, at] { close(at); });
}

void Graves::close(At grave) {
  const auto ended = std::move(grave->ended);
  graves_.erase(grave);
  ended();
}

Graves::~Graves() {
  for (Grave& grave : graves_) has_ended(grave.pidfd, 1000);
}

}  // namespace kiln::sandbox
