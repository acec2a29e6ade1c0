// Environments on their way from a template, which the test plays: it makes none, or says so.
#include "sandbox/forks.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sandbox/launcher_message.h"
#include "tests/support/sandbox_fixture.h"

namespace kiln::sandbox {
namespace {

bool no_more_groups = false;

int make_group(const char* path, unsigned mode) {
  if (!no_more_groups) return ::mkdir(path, mode);
  errno = ENOSPC;
  return -1;
}

class ForksTest : public SandboxTest {
 protected:
  void SetUp() override {
    no_more_groups = false;
    cgroup_paths_.make_dir = make_group;
    SandboxTest::SetUp();
    open_forks();
  }
  void open_forks() {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    control_ = UniqueFd(pair[1]);
    forks_ = std::make_shared<Forks>(
        *host_, std::make_shared<Blank>(std::make_shared<Slots>(0), nullptr, false),
        ResourceLimits{},
        Forks::Told{[this](const Forks::Fault& fault) {
                      first_ = fault.text;
                      no_room_ = fault.lacks_room;
                      says_no_room_ = fault.says_no_room;
                      permitted_ = fault.permitted;
                    },
                    [this] { ++useless_; }});
    forks_->open(UniqueFd(pair[0]));
  }
  void TearDown() override {
    if (forks_) forks_->close();
    forks_.reset();
    SandboxTest::TearDown();
  }

  // Requests that the template reads; it keeps what they bring.
  size_t hear_all() {
    size_t count = 0;
    for (Message message; receive_message(control_.get(), MSG_DONTWAIT, message); message = {}) {
      requests_.push_back(std::move(message));
      ++count;
    }
    return count;
  }
  void answer_with_fault() {
    for (const Message& request : requests_) ::send(request.fds[0].get(), "Xno", 3, 0);
    requests_.clear();
  }
  void start_fork() {
    sandbox_ = std::make_unique<Sandbox>(*host_, recorder_);
    SandboxSpec spec;
    spec.fork_of = forks_;
    sandbox_->start(spec);
  }

  UniqueFd control_;
  std::shared_ptr<Forks> forks_;
  std::vector<Message> requests_;
  std::optional<std::string> first_;
  bool no_room_ = false, says_no_room_ = false, permitted_ = true;
  int useless_ = 0;
};

// A template that lives and does nothing, and one that has gone: nobody waits for ever.
TEST_F(ForksTest, OneThatDoesNotComeIsAFaultThoughItsTemplateIsGone) {
  EXPECT_EQ(hear_all(), 1u) << "one is made ahead";
  answer_with_fault();
  run_until([this] { return first_.has_value(); });
  start_fork();
  loop_->drain();
  EXPECT_GE(hear_all(), 1u);
  forks_->close();
  forks_.reset();
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kNotStarted);
  EXPECT_EQ(recorder_.exit->reason, "snapshot: it makes no environment");
}

// Making it takes the template's processor, and the loop's time.
TEST_F(ForksTest, TheNextIsMadeOnceTheLastHasHadTimeToAnswer) {
  hear_all();
  answer_with_fault();
  run_until([this] { return first_.has_value(); });
  const auto before = clock_.steady_now();
  ASSERT_TRUE(forks_->take({}));
  EXPECT_EQ(hear_all(), 1u);
  loop_->drain();
  const size_t soon = hear_all();
  if (clock_.steady_now() - before < SandboxStock::kAnswerTakes) {
    EXPECT_EQ(soon, 0u);
  }
  run_until([&] { return soon + hear_all() == 1; });
}

// Nothing would limit its memory.
TEST_F(ForksTest, WithoutAGroupNoForkIsMade) {
  if (cgroups_->kind() == LimitsKind::kRlimit) GTEST_SKIP() << "no cgroups to use here";
  hear_all();
  answer_with_fault();
  run_until([this] { return first_.has_value(); });
  no_more_groups = true;
  start_fork();
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kNotStarted);
  EXPECT_TRUE(recorder_.exit->lacks_room);
  EXPECT_EQ(hear_all(), 0u);
}

TEST_F(ForksTest, AFirstOneWithoutRoomIsNoFaultOfTheTemplate) {
  if (cgroups_->kind() == LimitsKind::kRlimit) GTEST_SKIP() << "no cgroups to use here";
  forks_->close();
  no_more_groups = true;
  open_forks();
  ASSERT_TRUE(first_.has_value());
  EXPECT_NE(*first_, "");
  EXPECT_TRUE(no_room_);
  EXPECT_EQ(useless_, 0);
  EXPECT_EQ(hear_all(), 0u);
}

// A process that can't be had now is none that the machine forbids.
TEST_F(ForksTest, WhatATemplateLacksNowIsNotForbidden) {
  hear_all();
  ::send(requests_.at(0).fds.at(0).get(), "Nfork", 5, 0);
  run_until([this] { return first_.has_value(); });
  EXPECT_EQ(first_, "fork");
  EXPECT_TRUE(says_no_room_);
  EXPECT_TRUE(permitted_);
  EXPECT_FALSE(no_room_) << "only its own word says so";
}

TEST_F(ForksTest, OneThatIsKilledOnItsWayEndsAtOnce) {
  start_fork();
  const auto before = clock_.steady_now();
  sandbox_->kill();
  run_to_exit();
  EXPECT_LT(clock_.steady_now() - before, Forks::kTakes);
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kKilledByUs);
}

TEST_F(ForksTest, NoneIsReadyBeforeItIsThere) {
  hear_all();
  ::send(requests_.at(0).fds.at(0).get(), "R", 1, 0);
  run_until([this] { return first_.has_value(); });
  EXPECT_EQ(first_, "what it made is no environment");
}

TEST_F(ForksTest, ATemplateThatIsLateIsUseless) {
  run_until([this] { return useless_ > 0; });
  EXPECT_EQ(first_, "it makes no environment");
  EXPECT_EQ(useless_, 1);
}

TEST_F(ForksTest, ATemplateOfFaultsAloneIsUseless) {
  hear_all();
  answer_with_fault();
  run_until([this] { return first_.has_value(); });
  int faults = 1;
  while (faults < Forks::kMostFaults) {
    EXPECT_EQ(useless_, 0) << faults;
    const auto blank = forks_->take({});
    ASSERT_TRUE(blank);
    loop_->drain();  // another is made ahead
    faults += static_cast<int>(hear_all());
    answer_with_fault();
    run_until([&] { return (*blank)->settled(); });
    loop_->drain();
  }
  EXPECT_EQ(useless_, 1);
}

// A process of an environment may outlive it, below its template.
TEST_F(ForksTest, UsersOfATemplateAreNoOthersBeforeItHasEnded) {
  const auto slots = std::make_shared<Slots>(100);
  const auto graves = std::make_shared<Graves>(*loop_);
  auto its_template = std::make_shared<Blank>(slots, graves, false);
  EXPECT_EQ(its_template->slot, 100u);
  EXPECT_EQ(std::make_shared<Blank>(its_template)->slot, 101u);
  auto second = std::make_shared<Blank>(its_template);
  EXPECT_EQ(second->slot, 101u) << "its own may have it";
  EXPECT_EQ(Blank(slots, graves, false).slot, 102u);
  const pid_t process = ::fork();
  if (process == 0) {
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  its_template->pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
  its_template.reset();
  EXPECT_EQ(graves->size(), 0u) << "an environment of it is there";
  second.reset();
  EXPECT_EQ(graves->size(), 1u);
  EXPECT_EQ(Blank(slots, graves, false).slot, 102u);
  run_until([&] { return graves->size() == 0; });
  ::waitpid(process, nullptr, 0);
  EXPECT_LT(Blank(slots, graves, false).slot, 102u);
}

TEST_F(ForksTest, ABurstWaitsForItsTemplate) {
  std::vector<std::shared_ptr<Blank>> burst;
  for (int i = 0; i < 30; ++i) {
    auto blank = forks_->take({});
    ASSERT_TRUE(blank);
    burst.push_back(*blank);
  }
  loop_->drain();
  EXPECT_EQ(hear_all(), Forks::kMostComing);
  // One has ended: the next is asked for.
  requests_.erase(requests_.begin());
  run_until([this] { return hear_all() == 1; });
  forks_->close();
  size_t ended = 0;
  for (const auto& blank : burst) ended += blank->fault == "snapshot: its template has ended";
  EXPECT_EQ(ended, burst.size() + 1 - Forks::kMostComing - 1);
}

}  // namespace
}  // namespace kiln::sandbox
