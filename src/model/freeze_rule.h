// When an environment that has answered is frozen: as soon as it is seen to work. Lambda freezes
// all of them; one that sleeps until its next event is the same frozen or not, so it is only looked
// at: soon after the answer, then at growing intervals. Pure.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <utility>

#include "base/clock.h"

namespace kiln::model {

class FreezeRule {
 public:
  // When to look first, and then again. What starts later than that is not seen.
  static constexpr std::array<std::chrono::milliseconds, 8> kLooks = {
      std::chrono::milliseconds(5),      std::chrono::milliseconds(5),
      std::chrono::milliseconds(20),     std::chrono::milliseconds(100),
      std::chrono::milliseconds(500),    std::chrono::milliseconds(2'500),
      std::chrono::milliseconds(10'000), std::chrono::milliseconds(60'000)};

  enum class Verdict { kFreeze, kLookAgain, kSleeps };

  // The environment has answered, and waits.
  void begin() { *this = FreezeRule(); }
  // From now to the next look.
  Duration until_look() const {
    return kLooks[looks_ < kLooks.size() ? looks_ : kLooks.size() - 1];
  }
  // `cpu`: time that all processes of the environment have used, ever.
  Verdict look(Duration cpu) {
    const Duration used = cpu - std::exchange(before_, cpu);
    if (looks_++ > 0 && used >= kNoise) return Verdict::kFreeze;
    return looks_ < kLooks.size() ? Verdict::kLookAgain : Verdict::kSleeps;
  }

 private:
  // What a runtime uses that only puts its things away.
  static constexpr Duration kNoise = std::chrono::milliseconds(1);

  size_t looks_ = 0;
  Duration before_{0};
};

}  // namespace kiln::model
