// Starts in their turns, where memory runs out at any moment.
#include "sandbox/start_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <utility>

#include "base/fence.h"
#include "net/io_loop.h"
#include "tests/scarce/scarce_memory.h"

namespace kiln::sandbox {
namespace {

struct Waits final : StartQueue::Starter {
  void begin() noexcept override { begun = true; }
  bool at_work() override { return false; }
  uint64_t id = 0;
  bool begun = false;
};

// Five starts, of which one may go on at a time.
struct Starts {
  void live() {
    for (int i = 0; i < 5; ++i) {
      Waits& one = starters[i];
      // It goes if it can't ask: nothing may point to it then.
      fenced("test", [&] { one.id = queue.ask(i % 2 ? "a" : "b", i > 2, one); });
      one.begun |= queue.has_turn(one.id);
    }
    look();
  }
  void look() {
    for (int i = 0; i < 4; ++i) {
      clock.advance(2 * StartQueue::kLook);
      loop.turn(Duration(0));
    }
  }

  ManualClock clock{WallTime(std::chrono::hours(1))};
  net::IoLoop loop{0, clock};
  StartQueue queue{loop, std::make_shared<StartShare>(1)};
  std::array<Waits, 5> starters;
};

TEST(ScarceMemory, WhoCouldNotAskHoldsNoTurnAndTheOthersBegin) {
  std::unique_ptr<Starts> starts;
  tests::sweep_allocations([&] { starts = std::make_unique<Starts>(); }, [&] { starts->live(); },
                           [&](size_t nth) {
                             for (size_t left = starts->starters.size(); left > 0; --left) {
                               starts->look();
                               Waits* next = nullptr;
                               bool waits = false;
                               for (Waits& one : starts->starters) {
                                 if (one.id == 0) continue;
                                 if (one.begun)
                                   next = &one;
                                 else
                                   waits = true;
                               }
                               EXPECT_TRUE(next || !waits)
                                   << "allocation " << nth << " failed and nobody begins";
                               if (!next) break;
                               starts->queue.leave(std::exchange(next->id, 0));
                             }
                           });
}

}  // namespace
}  // namespace kiln::sandbox
