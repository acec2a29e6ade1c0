// StateGate: a StatePort that can be shut, so that an operation is tried without effect.
//
// Books save what changes before they change it themselves. Shut, a save is refused with
// trial::not_kept(), and so the operation ends where its effect would begin: with that error when
// the request is valid, with the operation's own error when it isn't. Control thread only.
#pragma once

#include <stdexcept>

#include "base/state_port.h"
#include "base/trial.h"

namespace kiln::engine {

class StateGate final : public StatePort {
 public:
  // Keeps a reference.
  explicit StateGate(StatePort& behind) : behind_(behind) {}

  // Runs `work` while nothing is kept.
  template <class Work>
  void shut_while(Work&& work) {
    shut_ = true;
    const struct Open {
      bool& shut;
      ~Open() { shut = false; }
    } open{shut_};
    work();
  }

  Result<void> save(const std::string& kind, const std::string& region, const std::string& key,
                    const std::string& document) override {
    if (shut_) return trial::not_kept();
    return behind_.save(kind, region, key, document);
  }
  void erase(const std::string& kind, const std::string& region, const std::string& key) override {
    // Behind a fence: the trial ends, and nothing else.
    if (shut_) throw std::logic_error("an operation that is only tried erased something");
    behind_.erase(kind, region, key);
  }

 private:
  StatePort& behind_;
  bool shut_ = false;
};

}  // namespace kiln::engine
