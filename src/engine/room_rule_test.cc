#include "engine/room_rule.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kiln::engine {
namespace {

TEST(RoomRule, TheOneThatHasBeenIdleLongestEnds) {
  const model::FunctionConfig wanted, a, b;
  const auto at = [](int second) { return SteadyTime(std::chrono::seconds(second)); };
  struct Case {
    std::string what;
    std::vector<IdleEnvironment> idle;
    std::optional<size_t> ends;
  };
  const std::vector<Case> cases = {
      {"nothing is idle", {}, std::nullopt},
      {"one", {{&a, false, at(5)}}, 0},
      {"longest", {{&a, false, at(5)}, {&b, false, at(3)}, {&a, false, at(4)}}, 1},
      {"the first of equals", {{&a, false, at(3)}, {&b, false, at(3)}}, 0},
      {"a provisioned one stays", {{&a, true, at(1)}, {&b, false, at(2)}}, 1},
      {"all are provisioned", {{&a, true, at(1)}, {&b, true, at(2)}}, std::nullopt},
      {"none of the version's own", {{&wanted, false, at(1)}, {&b, false, at(2)}}, 1},
      {"all are the version's own", {{&wanted, false, at(1)}}, std::nullopt},
  };
  for (const Case& c : cases) EXPECT_EQ(one_to_end(c.idle, &wanted), c.ends) << c.what;
}

}  // namespace
}  // namespace kiln::engine
