// A pool of environments, where memory runs out at any moment: it goes on, and whoever comes
// afterwards is answered.
#include <gtest/gtest.h>

#include <memory>

#include "base/fence.h"
#include "tests/scarce/scarce_memory.h"
#include "tests/support/pool_fixture.h"

namespace kiln::engine {
namespace {

class ScarcePool final : public tests::PoolTest {
 public:
  void TestBody() override {}

  // What the engine does, one event after the other.
  void live() {
    step([&] { invoke("a"); });
    each([](tests::SandboxPuppet& one) { one.ready(); });
    step([&] { invoke("b"); });
    step([&] { invoke("c"); });
    answer_all();
    step([&] { invoke("d"); });
    answer_all();
    const model::ConfigPtr before = config_;
    config_ = another_;
    step([&] { invoke("e"); });
    step([&] {
      if (puppets_.empty()) return;
      tests::SandboxPuppet& last = *puppets_.back();
      if (last.owner && !last.exited) last.exit_without_room();
    });
    step([&] { loop_.turn(); });
    each([](tests::SandboxPuppet& one) {
      if (one.terminated) one.exit();
    });
    answer_all();
    config_ = before;
    step([&] { invoke("f"); });
    step([&] { loop_.advance(std::chrono::seconds(4)); });
    end_those_told_to();
    step([&] { pool_->retire_all(); });
    end_those_told_to();
  }

  // Memory is there again.
  void expect_it_goes_on(size_t nth) {
    for (int i = 0; i < 4; ++i) {
      loop_.advance(std::chrono::seconds(5));
      end_those_told_to();
    }
    invoke("after");
    for (int i = 0; i < 4; ++i) {
      answer_all();
      end_those_told_to();
      loop_.advance(std::chrono::seconds(1));
    }
    EXPECT_EQ(answer("after"), "1") << "allocation " << nth << " failed";
    for (const char* id : {"a", "b", "c", "d", "e", "f"})
      EXPECT_LE(answers_[id].size(), 1) << id << ", " << nth;
  }

 private:
  const model::ConfigPtr another_ = make_config();

  template <class Work>
  static void step(Work&& work) {
    fenced("test", work);
  }
  template <class Work>
  void each(Work&& work) {
    for (size_t i = 0; i < puppets_.size(); ++i)
      step([&] {
        if (puppets_[i]->owner && !puppets_[i]->exited) work(*puppets_[i]);
      });
  }
  void answer_all() {
    each([](tests::SandboxPuppet& one) { one.ready(); });
    each([](tests::SandboxPuppet& one) {
      if (one.works()) one.answer("1");
    });
    each([](tests::SandboxPuppet& one) { one.ready(); });
    step([&] { loop_.turn(); });
  }
  void end_those_told_to() {
    each([](tests::SandboxPuppet& one) {
      if (one.terminated || one.killed) one.exit();
    });
    step([&] { loop_.turn(); });
  }
};

TEST(ScarceMemory, APoolGoesOnWhereverItRanOut) {
  std::unique_ptr<ScarcePool> pool;
  tests::sweep_allocations([&] { pool = std::make_unique<ScarcePool>(); }, [&] { pool->live(); },
                           [&](size_t nth) { pool->expect_it_goes_on(nth); });
}

}  // namespace
}  // namespace kiln::engine
