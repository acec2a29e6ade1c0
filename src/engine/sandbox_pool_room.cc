// A pool on a machine that has no room for one environment more.
#include <utility>

#include "base/check.h"
#include "engine/sandbox_pool.h"

namespace kiln::engine {
namespace {

// An environment that makes room has half a second to end, with extensions.
constexpr Duration kRoomPatience = std::chrono::seconds(3);

IdleEnvironment as_idle(const Environment& environment) {
  return {environment.config().get(), environment.initialization() == Initialization::kProvisioned,
          environment.idle_since()};
}

}  // namespace

void SandboxPool::on_no_room(Environment& environment, Invocation&& invocation,
                             const Error& fault) {
  if (std::exchange(invocation.had_room_made, true)) return refuse(invocation, fault);
  const uint64_t number = ++last_without_room_;
  const SteadyTime until = host_.loop.clock().steady_now() + kRoomPatience;
  without_room_.emplace(number, WithoutRoom{environment.config(), find_task_(*environment.config()),
                                            std::move(invocation), fault, until});
  host_.loop.schedule(this, until);
  environment.place.tried_again = true;
  owner_.make_room(environment.config(), [this, alive = alive_, number](bool made) {
    if (*alive) try_again(number, made);
  });
}

void SandboxPool::try_again(uint64_t number, bool has_room) {
  auto found = without_room_.extract(number);
  if (!found) return;  // it was abandoned
  WithoutRoom one = std::move(found.mapped());
  if (!has_room) {
    owner_.on_machine_fault(one.fault.message);
    refuse(one.invocation, one.fault);
  } else if (!reuse(version_of(one.config).on_demand, one.invocation)) {
    auto source = owner_.snapshot_of(one.config);
    if (source)
      start_of(std::move(*source), one.config, std::move(one.invocation));
    else
      refuse(one.invocation, source.error());
  }
  tell_if_empty();
}

Environment* SandboxPool::find_longest_idle(const model::FunctionConfig* wanted) const {
  std::vector<IdleEnvironment> idle;
  std::vector<Environment*> found;
  for (const auto& [config, version] : versions_)
    for (const Ready* ready : {&version.on_demand, &version.provisioned}) {
      // Those that wait count on one of them.
      if (ready->idle.empty() || ready->waiting() > 0) continue;
      found.push_back(ready->idle.front());
      idle.push_back(as_idle(*found.back()));
    }
  const auto longest = one_to_end(idle, wanted);
  return longest ? found[*longest] : nullptr;
}

std::optional<IdleEnvironment> SandboxPool::longest_idle(
    const model::FunctionConfig* wanted) const {
  const Environment* found = find_longest_idle(wanted);
  return found ? std::optional(as_idle(*found)) : std::nullopt;
}

void SandboxPool::end_longest_idle(const model::FunctionConfig* wanted,
                                   std::function<void()> gone) {
  Environment* found = find_longest_idle(wanted);
  KILN_REQUIRE(found != nullptr);
  found->place.when_gone = std::move(gone);
  retire(*found);
}

}  // namespace kiln::engine
