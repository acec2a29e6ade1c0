// StateGate: a StatePort that can be shut, so that an operation is tried without effect.
//
// Books save or erase what changes before they change it themselves. Shut, both are refused with
// trial::not_kept(), and so the operation ends where its effect would begin: with that error when
// the request is valid, with the operation's own error when it isn't. The control thread only,
// which each call checks.
#pragma once

#include "base/check.h"
#include "base/state_port.h"
#include "base/trial.h"
#include "net/io_loop.h"

namespace kiln::engine {

class StateGate final : public StatePort {
 public:
  // Keeps references; `control` is the control thread.
  StateGate(StatePort& behind, const net::IoLoop& control) : behind_(behind), control_(control) {}

  // Runs `work` while nothing is kept.
  template <class Work>
  void shut_while(Work&& work) {
    KILN_REQUIRE(control_.owned_here());
    shut_ = true;
    const struct Open {
      bool& shut;
      ~Open() { shut = false; }
    } open{shut_};
    work();
  }

  Result<void> save(const std::string& kind, const std::string& region, const std::string& key,
                    const std::string& document) override {
    KILN_REQUIRE(control_.owned_here());
    if (shut_) return trial::not_kept();
    return behind_.save(kind, region, key, document);
  }
  Result<void> erase_all(const std::vector<Place>& places) override {
    KILN_REQUIRE(control_.owned_here());
    if (shut_) return trial::not_kept();
    return behind_.erase_all(places);
  }

 private:
  StatePort& behind_;
  const net::IoLoop& control_;
  bool shut_ = false;
};

}  // namespace kiln::engine
