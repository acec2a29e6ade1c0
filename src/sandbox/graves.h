// Sandboxes that were killed and have not ended yet: what they had is given back when they have,
// and nobody waits for that. Threading: its loop only.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "base/unique_fd.h"
#include "net/io_loop.h"
#include "net/watch.h"
#include "sandbox/limits.h"

namespace kiln::sandbox {

class Graves {
 public:
  explicit Graves(net::IoLoop& loop) : loop_(loop) {}
  // Waits a moment for each that is left.
  ~Graves();
  Graves(const Graves&) = delete;

  // `pidfd`: of the first process, which was killed. `cgroup`, which may be nullptr, is removed
  // when that has ended; then `ended` is called.
  void add(UniqueFd pidfd, std::unique_ptr<Cgroup> cgroup, std::function<void()> ended);
  size_t size() const { return graves_.size(); }

 private:
  struct Grave {
    UniqueFd pidfd;
    std::unique_ptr<Cgroup> cgroup;
    std::function<void()> ended;
    std::optional<net::Watch> watch;
  };
  using At = std::list<Grave>::iterator;

  void close(At grave);

  net::IoLoop& loop_;
  std::list<Grave> graves_;
};

}  // namespace kiln::sandbox
