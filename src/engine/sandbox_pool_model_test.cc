// A pool of environments on runtimes that do anything at any time: random sequences from a seed.
//
//   KILN_POOL_SEQUENCES   how many; 10,000 by default, 100,000 take a minute or two
//   KILN_POOL_SEED        which
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "tests/support/pool_fixture.h"

namespace kiln::engine {
namespace {

using tests::SandboxPuppet;

int number_of(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atoi(text);
}

// No log can be written: its lines are counted as lost, and memory stays flat.
class PoolModel : public tests::PoolTest {
 protected:
  PoolModel() : PoolTest("/dev/null/logs") {
    // A few at work are enough, so that others wait for them.
    host_.processors = 1;
    host_.processors_idle = [] { return Duration(0); };
  }
};

// Whatever runtimes do, and in whatever order: each invocation has exactly one answer, its event
// reaches one runtime at a time, and nothing is left at the end.
TEST_F(PoolModel, AnySequenceOfRuntimesAnswersEachInvocationOnce) {
  const int sequences = number_of("KILN_POOL_SEQUENCES", 10'000);
  std::mt19937 random(static_cast<unsigned>(number_of("KILN_POOL_SEED", 7)));
  const auto below = [&random](size_t n) { return static_cast<size_t>(random() % n); };
  for (int sequence = 0; sequence < sequences; ++sequence) {
    answers_.clear();
    puppets_.clear();
    config_ = make_config();
    int made = 0;
    for (int step = 0; step < 40; ++step) {
      SandboxPuppet* p = puppets_.empty() ? nullptr : puppets_[below(puppets_.size())].get();
      if (p && !p->owner) p = nullptr;
      if (p) p->stages = sequence % 3 == 0 ? 0 : 3;
      switch (below(14)) {
        case 0:
        case 1:
        case 2: {
          const std::string id = std::to_string(made++);
          invoke(id, "\"" + id + "\"");
          break;
        }
        case 3:
        case 4:
          if (p && p->unheard.empty()) p->ready();
          break;
        case 5:
        case 6:
          // The answer is the event: another's bytes would show.
          if (p && p->unheard.empty() && !p->payloads.empty()) p->answer(p->payloads.back());
          break;
        case 7:
          if (p && p->shown.empty()) p->withdraw();
          break;
        case 8:
          if (p && below(3) == 0) p->exit();
          break;
        case 9:
          if (p && !p->exited && p->unheard.empty() && below(3) == 0)
            p->owner->on_broken("Runtime.Unknown");
          break;
        case 10:
          loop_.advance(std::chrono::milliseconds(below(4) == 0 ? below(4000) : below(30)));
          break;
        case 11:
          if (below(8) == 0) pool_->retire_all();
          if (p && p->killed) p->exit(sandbox::Exit::Kind::kKilledByUs);
          break;
        case 12:
          if (p && p->works()) p->answer_unheard(p->payloads.back());
          break;
        case 13:
          if (p) p->hear();
          break;
      }
    }
    pool_->abandon_all({ErrorKind::kUnavailable, "ServiceException", ""});
    // Starting again within the suppressed init makes one more sandbox.
    for (size_t n = 0; n < puppets_.size(); ++n)
      if (puppets_[n]->owner) puppets_[n]->exit();
    loop_.turn();
    ASSERT_EQ(pool_->size(), 0u) << "sequence " << sequence;
    ASSERT_EQ(answers_.size(), static_cast<size_t>(made)) << "sequence " << sequence;
    for (const auto& [id, replies] : answers_) {
      ASSERT_EQ(replies.size(), 1u) << "sequence " << sequence << " invocation " << id;
      const InvokeReply& reply = replies.front();
      if (reply.error.type.empty() && !reply.function_error) {
        ASSERT_EQ(reply.payload, "\"" + id + "\"") << "sequence " << sequence;
      }
    }
    std::map<std::string, int> events;
    for (const auto& p : puppets_)
      for (const auto& id : p->requests) ++events[id];
    for (const auto& [id, count] : events) ASSERT_EQ(count, 1) << "sequence " << sequence;
  }
}

}  // namespace
}  // namespace kiln::engine
