// What a sandbox has to do with its extensions.
#include <signal.h>
#include <sys/socket.h>

#include "sandbox/runtime_api.h"
#include "sandbox/sandbox.h"

namespace kiln::sandbox {

bool Sandbox::has_external_extensions() const { return extensions_ && extensions_->any_external(); }

// The program waits with its start for a byte, where it has extensions that register first.
void Sandbox::give_up_orders() {
  if (!blank_ || !blank_->orders) return;
  if (has_external_extensions()) {
    if (!extensions_->registered()) return;
    const char go = 'G';
    [[maybe_unused]] const ssize_t sent =
        ::send(blank_->orders.get(), &go, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  blank_->orders.reset();
}

void Sandbox::on_extension_news() {
  if (state_ == State::kGone) return;
  // Posted: it is told first that this was heard.
  if (!extensions_->fault().type.empty())
    return host_.loop.post([this, alive = alive_] {
      if (*alive && state_ != State::kGone) signal(SIGKILL);
    });
  give_up_orders();
  if (!held_ || !extensions_->settled()) return;
  held_ = false;
  announce_ready();
}

// It isn't ready before its extensions are.
void Sandbox::runtime_is_back() {
  extensions_ms_ = -1;
  if (has_external_extensions()) back_ = host_.loop.clock().steady_now();
  held_ = extensions_ && !extensions_->settled();
  if (!held_) announce_ready();
}

void Sandbox::announce_ready() {
  if (has_external_extensions()) extensions_ms_ = to_ms(host_.loop.clock().steady_now() - back_);
  end_start();
  owner_.on_ready();
}

std::vector<ExternalExtension> Sandbox::extensions() const {
  return extensions_ ? extensions_->external() : std::vector<ExternalExtension>();
}

}  // namespace kiln::sandbox
