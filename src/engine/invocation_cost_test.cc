// Warm invocations on a sandbox that the test plays, between two marks for callgrind: how many
// instructions one takes is compared with a limit by tests/clients/test_path_costs.py.
#include <gtest/gtest.h>
#include <valgrind/callgrind.h>

#include "engine/sandbox_pool.h"
#include "tests/support/pool_fixture.h"

namespace kiln::engine {
namespace {

using tests::PoolTest;
using tests::SandboxPuppet;

TEST_F(PoolTest, AHundredWarmInvocations) {
  SandboxPuppet& puppet = idle_one();
  const auto serve = [&](const std::string& id) {
    invoke(id);
    puppet.answer("{}");
    puppet.ready();
  };
  serve("warm");
  CALLGRIND_TOGGLE_COLLECT;
  for (int i = 0; i < 100; ++i) serve(std::to_string(i));
  CALLGRIND_TOGGLE_COLLECT;
  EXPECT_EQ(answer("99"), "{}");
  EXPECT_EQ(puppets_.size(), 1U);
}

}  // namespace
}  // namespace kiln::engine
