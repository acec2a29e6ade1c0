// How a service answers: called exactly once, on any thread. Copies are one and the same answer, so
// copying costs a count, whatever the answer holds.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "net/http_message.h"

namespace kiln::services {

class Reply {
 public:
  class Target {
   public:
    Target() = default;
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    virtual ~Target() = default;
    virtual void give(net::Response&& response) = 0;
  };

  Reply() = default;
  explicit Reply(std::shared_ptr<Target> target) : target_(std::move(target)) {}
  template <class F,
            class = std::enable_if_t<std::is_invocable_v<std::decay_t<F>&, net::Response&&>>,
            class = std::enable_if_t<!std::is_same_v<std::decay_t<F>, Reply>>>
  Reply(F&& f) : target_(std::make_shared<Call<std::decay_t<F>>>(std::forward<F>(f))) {}

  explicit operator bool() const { return target_ != nullptr; }
  void operator()(net::Response&& response) const {
    KILN_REQUIRE(target_ != nullptr);
    target_->give(std::move(response));
  }

 private:
  template <class F>
  class Call final : public Target {
   public:
    explicit Call(F&& f) : f_(std::move(f)) {}
    explicit Call(const F& f) : f_(f) {}
    void give(net::Response&& response) override { f_(std::move(response)); }

   private:
    F f_;
  };

  std::shared_ptr<Target> target_;
};

}  // namespace kiln::services
