// The environments that a template has been asked for: those on their way, and those that wait.
// Shared by the template and the sandboxes that take from it. Threading: its loop only.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/io_loop.h"
#include "net/watch.h"
#include "sandbox/forked_process.h"
#include "sandbox/sandbox.h"
#include "sandbox/template_port.h"

namespace kiln::sandbox {

class Forks final : public ForkSource,
                    public std::enable_shared_from_this<Forks>,
                    private net::Scheduled {
 public:
  // Why there is none; the machine may forbid it, or have no room for it now.
  struct Fault {
    std::string text;  // "": there is one
    bool permitted = true;
    bool lacks_room = false;
    // The template says that it has none. That may be made up: others' environments stay.
    bool says_no_room = false;
  };
  // How the first one came to be; and that the template does not do its work: one has not come in
  // time, or some in a row were none.
  struct Told {
    std::function<void(const Fault& fault)> first;
    std::function<void()> useless;
  };
  Forks(SandboxHost& host, std::shared_ptr<Blank> its_template, const ResourceLimits& limits,
        Told told);
  ~Forks() override;

  // Requests go over `control` from now on. One is made ahead.
  void open(UniqueFd control);
  // None is made any more; those that nobody took end.
  void close();
  const UniqueFd& control() const { return control_; }

  Result<std::shared_ptr<Blank>> take(const ResourceLimits& limits) override;

  static constexpr size_t kSpare = 1;
  // From the request that the template got to process 1, and from then on until that is ready.
  static constexpr Duration kTakes = std::chrono::seconds(5);
  // So many are on their way at a time, and share the template's processor; others wait here.
  static constexpr size_t kMostComing = 8;
  static constexpr int kMostFaults = 3;  // in a row

 private:
  struct Making {
    std::shared_ptr<Blank> blank;
    std::vector<UniqueFd> group;   // see Cgroup::join_fds; whoever took the blank has the group
    std::array<UniqueFd, 4> ends;  // what the template gets; empty once it has
    bool asked = false;
    bool has_user = false;  // it has asked for one
    UniqueFd process;       // process 1, once it is there
    SteadyTime due{};
    std::optional<net::Watch> watch;
  };
  using At = std::list<Making>::iterator;

  Result<std::shared_ptr<Blank>> make(const ResourceLimits& limits);
  void fill();
  void ask();
  bool request(const Making& making);
  void hear(At making);
  void expect(At making);
  void meet(At making, const ForkWord& hello);
  void settle(At making, std::string fault, bool permitted, bool says_no_room = false);
  SteadyTime on_time(SteadyTime now) override;

  SandboxHost& host_;
  std::shared_ptr<Blank> template_;
  ResourceLimits limits_;
  Told told_;
  UniqueFd control_;
  std::list<Making> making_;  // those that the template was asked for come first
  int faults_ = 0;            // in a row
  bool asking_ = false;
  std::deque<std::shared_ptr<Blank>> spare_;
};

// Tells an environment that waits what it needs to know. False: nobody is there.
bool tell_fork(const Blank& blank, const std::string& variables);

}  // namespace kiln::sandbox
