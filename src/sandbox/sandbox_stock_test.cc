// Sandboxes that were made ahead: they are what those made on demand are, and nothing else.
#include "sandbox/sandbox_stock.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>

#include "sandbox/activity.h"
#include "tests/support/sandbox_fixture.h"

namespace kiln::sandbox {
namespace {

class StockTest : public SandboxTest {
 protected:
  SandboxStock& stock() { return host_->stock; }
  bool can_start_ahead() const {
    return launcher_->isolation() != Isolation::kNone && cgroups_->kind() != LimitsKind::kRlimit;
  }

  void wait_for_empty(size_t count) {
    run_until([this, count] { return stock().empty_pids().size() == count; });
  }
  pid_t second_of(pid_t first) {
    pid_t second = 0;
    run_until([&] { return (second = first_child(first)) > 0; });
    return second;
  }
  void wait_for_interpreters(size_t count) {
    run_until([this, count] { return stock().interpreter_pids().size() == count; });
  }

  // Runs `script` once as a program that may be started ahead, and leaves one that is.
  void have_interpreter(const std::string& script) {
    interpreter_ = {"/bin/bash", "-c", script};
    ahead_env_ = {"PATH=/usr/bin:/bin", "WHO=nobody"};
    env_ = {"WHO=first"};
    start(interpreter_);
    run_to_exit();
    first_output_ = recorder_.output;
    wait_for_interpreters(1);
    sandbox_.reset();
    recorder_ = {};
  }

  std::vector<std::string> interpreter_;
  std::string first_output_;
};

TEST_F(StockTest, AnEmptyOneIsTakenAndMadeAgain) {
  stock().refill();
  wait_for_empty(2);
  const auto before = stock().empty_pids();
  start_script("echo out; exit 3");
  EXPECT_EQ(stock().empty_pids(), std::vector<pid_t>{before[1]});
  run_to_exit();
  EXPECT_EQ(recorder_.output, "out\n");
  EXPECT_EQ(recorder_.exit->value, 3);
  wait_for_empty(2);
}

TEST_F(StockTest, ABurstIsNotHeldUpAndTheNextFindsAsManyMade) {
  stock().refill();
  wait_for_empty(2);
  SandboxSpec spec;
  spec.limits.memory_mb = 256;
  std::vector<std::shared_ptr<Blank>> taken;
  stock().begin_start();
  for (int i = 0; i < 5; ++i) {
    auto one = stock().take(spec);
    ASSERT_TRUE(one);
    (*one)->taken = false;  // it ends with its blank
    taken.push_back(std::move(*one));
  }
  run_until([&] { return std::ranges::all_of(taken, [](auto& one) { return one->settled(); }); });
  struct Later : net::Scheduled {
    SteadyTime on_time(SteadyTime) override {
      fired = true;
      return SteadyTime::max();
    }
    bool fired = false;
  } later;
  loop_->schedule(&later, clock_.steady_now() + 2 * SandboxStock::kQuiet);
  run_until([&] { return later.fired; });
  EXPECT_EQ(stock().empty_pids().size(), 0U) << "one is still on its way";
  stock().end_start();
  wait_for_empty(5);
  taken.clear();
}

TEST_F(StockTest, OnceItIsClosedNothingIsMadeAndNobodyIsForgotten) {
  stock().refill();
  int closed = 0;
  stock().close([&] { ++closed; });
  EXPECT_EQ(closed, 0) << "the launcher is making two";
  run_until([&] { return closed > 0; });
  stock().refill();
  loop_->drain();
  EXPECT_TRUE(stock().empty_pids().empty());
  EXPECT_EQ(closed, 1);
}

TEST_F(StockTest, OneThatHasEndedIsNotTaken) {
  stock().refill();
  wait_for_empty(2);
  for (const pid_t pid : stock().empty_pids()) ::kill(pid, SIGKILL);
  wait_for_empty(0);
  start_script("echo out");
  run_to_exit();
  EXPECT_EQ(recorder_.output, "out\n");
}

TEST_F(StockTest, OneWhoseSecondProcessHasEndedIsNotTaken) {
  stock().refill();
  wait_for_empty(2);
  for (const pid_t pid : stock().empty_pids()) ::kill(second_of(pid), SIGKILL);
  wait_for_empty(0);
  start_script("echo out");
  run_to_exit();
  EXPECT_EQ(recorder_.output, "out\n");
}

TEST_F(StockTest, ASignalThatComesBeforeTheProgramEndsIt) {
  stock().refill();
  wait_for_empty(2);
  ::kill(second_of(stock().empty_pids().front()), SIGTERM);
  start_script("echo out");
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kSignaled);
  EXPECT_EQ(recorder_.exit->value, SIGTERM);
}

TEST_F(StockTest, ABlankHoldsNoSocketsButThoseOfItsOrderItsChannelAndItsLastWords) {
  stock().refill();
  wait_for_empty(2);
  for (const pid_t pid : stock().empty_pids()) {
    const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
    // It closes what it has inherited before it takes its name.
    run_until([&] {
      int sockets = 0;
      for (const auto& entry : fs::directory_iterator(folder)) {
        std::error_code gone;
        const std::string target = fs::read_symlink(entry.path(), gone);
        sockets += std::stoi(entry.path().filename()) > 2 && target.starts_with("socket:");
      }
      return sockets == 3;
    });
  }
}

TEST_F(StockTest, TheSizesAreThoseOfTheOneThatTakesIt) {
  if (!isolated()) GTEST_SKIP() << "needs root";
  start_script("true", 128);  // the next is most likely one of these
  run_to_exit();
  sandbox_.reset();
  recorder_ = {};
  stock().refill();
  wait_for_empty(2);
  start_script(
      "head -c 3145728 /dev/zero > /tmp/fits && echo fits; head -c 4194304 /dev/zero > /tmp/over "
      "2>/dev/null || echo full; x=$(head -c 150000000 /dev/zero | tr '\\0' x); echo ${#x}",
      1024, 4);
  run_to_exit();
  EXPECT_EQ(recorder_.output, "fits\nfull\n150000000\n");
  sandbox_.reset();
  recorder_ = {};
  if (cgroups_->kind() == LimitsKind::kRlimit) return;
  stock().refill();
  start({"/usr/bin/python3", "-c", "x = bytearray(200 * 1024 * 1024)"}, 128);
  run_to_exit();
  EXPECT_TRUE(recorder_.exit->out_of_memory);
}

TEST_F(StockTest, AProgramStartedAheadSeesWhatOneStartedOnDemandSees) {
  if (!can_start_ahead()) GTEST_SKIP() << "needs namespaces and cgroups";
  std::ofstream(dir_ + "/task/file") << "code";
  have_interpreter(
      "if [ -n \"$KILN_ORDER_FD\" ]; then mapfile -d '' -t all <&4; exec 4<&-\n"
      "  ahead=yes; for one in \"${all[@]}\"; do export \"$one\"; done; unset KILN_ORDER_FD; fi\n"
      "cd /var/task; echo $WHO; cat file; echo; touch /var/task/x 2>/dev/null && echo writable\n"
      "ls -A /opt /tmp /.host; touch /opt/x 2>/dev/null && echo writable; pwd\n"
      "grep -E 'NoNewPrivs|Cap|Sig(Blk|Ign)' /proc/self/status\n"
      "ls /proc/self/fd; ulimit -Ha; [ $(id -u) = \"$(id -G)\" ] || id; hostname; touch /tmp/mine "
      "&& ls /tmp; whoami\n"
      "cut -d' ' -f4- /proc/self/mountinfo | grep -c .host; echo $ahead >&2");
  env_ = {"WHO=second"};
  start(interpreter_);
  EXPECT_TRUE(stock().interpreter_pids().empty()) << "it was taken";
  run_to_exit();
  std::string expected = first_output_;
  EXPECT_EQ(expected.substr(0, 11), "first\ncode\n");
  expected.replace(0, 5, "second");
  // The last line says whether it was ahead.
  expected.insert(expected.size() - 1, "yes");
  EXPECT_EQ(recorder_.output, expected);
}

TEST_F(StockTest, AProgramStartedAheadHasTheChannelOfOneStartedOnDemand) {
  if (!can_start_ahead()) GTEST_SKIP() << "needs namespaces and cgroups";
  channel_ahead_ = true;
  ahead_env_ = {"PATH=/usr/bin:/bin"};
  interpreter_ = {
      "/usr/bin/python3", "-c",
      "import os, socket, struct\n"
      "ahead = 'KILN_ORDER_FD' in os.environ\n"
      "order = os.read(4, 65536) if ahead else b''\n"
      "if ahead: os.environb.update(v.split(b'=', 1) for v in order.split(b'\\0')[:-1])\n"
      "s = socket.socket(fileno=int(os.environ['KILN_CHANNEL_FD']))\n"
      "s.sendall(struct.pack('<IIQ', 1, 0, 0))\n"
      "event = s.recv(4096)\n"
      "n, = struct.unpack('<I', event[16:20])\n"
      "body = str([ahead, s.fileno()]).encode()\n"
      "s.sendall(struct.pack('<IIQ', 3, n + 4, len(body)) + event[16:20 + n] + body)\n"
      "s.recv(1)\n"};
  Event event;
  event.request_id = "request-1";
  event.payload = "{}";
  for (const char* expected : {"[False, 3]", "[True, 3]"}) {
    sandbox_.reset();
    recorder_ = {};
    start(interpreter_);
    run_until([this] { return recorder_.ready == 1; });
    ASSERT_TRUE(sandbox_->send(event));
    run_until([this] { return recorder_.ready == 2; });
    EXPECT_EQ(recorder_.answers, std::vector<std::string>{expected});
    wait_for_interpreters(1);
  }
}

TEST_F(StockTest, FoldersOfLibrariesAreThereBeforeTheFunctionIs) {
  if (!can_start_ahead()) GTEST_SKIP() << "needs namespaces and cgroups";
  layers_dir_ = dir_ + "/layers";
  fs::create_directories(layers_dir_ + "/lib");
  fs::create_directories(dir_ + "/task/lib");
  std::ofstream(layers_dir_ + "/lib/of-layer") << "";
  std::ofstream(dir_ + "/task/lib/of-package") << "";
  have_interpreter(
      "[ -n \"$KILN_ORDER_FD\" ] && ls -d /var/task/lib /opt/lib && cat <&4 >/dev/null\n"
      "ls /var/task/lib /opt/lib");
  start(interpreter_);
  run_to_exit();
  EXPECT_EQ(recorder_.output,
            "/opt/lib\n/var/task/lib\n/opt/lib:\nof-layer\n\n/var/task/lib:\nof-package\n");
}

TEST_F(StockTest, AProgramThatLooksForLibrariesDoesNotStopItsOrder) {
  if (!can_start_ahead()) GTEST_SKIP() << "needs namespaces and cgroups";
  have_interpreter(
      "[ -n \"$KILN_ORDER_FD\" ] && cd /opt/lib && cat <&4 >/dev/null\n"
      "ls -A /opt; touch /opt/x 2>&1 | grep -o 'Read-only file system'; echo end");
  const pid_t program = second_of(stock().interpreter_pids().front());
  const std::string folder = "/proc/" + std::to_string(program) + "/cwd";
  run_until([&] { return fs::read_symlink(folder).filename() == "lib"; });
  start(interpreter_);
  run_to_exit();
  EXPECT_EQ(recorder_.output, "Read-only file system\nend\n");
}

TEST_F(StockTest, WhereThereIsNoRoomOneIsKeptAndNoneIsMade) {
  stock().refill();
  wait_for_empty(2);
  stock().on_no_room();
  EXPECT_EQ(stock().empty_pids().size(), 1U);
  stock().refill();
  EXPECT_EQ(stock().empty_pids().size(), 1U);
}

TEST_F(StockTest, AnInterpreterThatEndsIsReplacedByOneOnDemand) {
  if (!can_start_ahead()) GTEST_SKIP() << "needs namespaces and cgroups";
  have_interpreter("[ -n \"$KILN_ORDER_FD\" ] && cat <&4 >/dev/null; echo $KILN_ORDER_FD end");
  for (const pid_t pid : stock().interpreter_pids()) ::kill(pid, SIGKILL);
  wait_for_interpreters(0);
  start(interpreter_);
  run_to_exit();
  EXPECT_EQ(recorder_.output, "end\n");
}

TEST_F(StockTest, ItsMemoryIsLimitedAndCountedFromTheStart) {
  if (!can_start_ahead()) GTEST_SKIP() << "needs namespaces and cgroups";
  // 50 MB before the order, and 60 behind it.
  interpreter_ = {"/usr/bin/python3", "-c",
                  "import os\n"
                  "x = bytearray(50 << 20)\n"
                  "if 'KILN_ORDER_FD' in os.environ: os.read(4, 65536)\n"
                  "y = bytearray(60 << 20)\n"
                  "print('there', flush=True)"};
  ahead_env_ = {"PATH=/usr/bin:/bin"};
  start(interpreter_, 256);
  run_to_exit();
  wait_for_interpreters(1);
  sandbox_.reset();
  recorder_ = {};
  start(interpreter_, 512);
  run_to_exit();
  EXPECT_EQ(recorder_.output, "there\n");
  EXPECT_GE(recorder_.exit->peak_memory_bytes, 110u << 20);
  wait_for_interpreters(1);
  sandbox_.reset();
  recorder_ = {};
  start(interpreter_, 100);
  run_to_exit();
  EXPECT_TRUE(recorder_.exit->out_of_memory);
}

TEST_F(StockTest, InterpretersOfManyKindsDoNotPileUp) {
  if (!can_start_ahead()) GTEST_SKIP() << "needs namespaces and cgroups";
  ahead_env_ = {"PATH=/usr/bin:/bin"};
  for (size_t kind = 0; kind < SandboxStock::kMostInterpreters + 2; ++kind) {
    start({"/bin/bash", "-c", "[ -n \"$KILN_ORDER_FD\" ] && cat <&4 >/dev/null; echo $0",
           std::to_string(kind)});
    run_to_exit();
    wait_for_interpreters(std::min(kind + 1, SandboxStock::kMostInterpreters));
    sandbox_.reset();
    recorder_ = {};
  }
  stock().clear();
  EXPECT_TRUE(stock().interpreter_pids().empty());
  EXPECT_TRUE(stock().empty_pids().empty());
}

class NoCgroupTest : public StockTest {
 protected:
  NoCgroupTest() {
    cgroup_paths_.make_dir = [](const char*, unsigned) {
      errno = EACCES;
      return -1;
    };
  }
};

// Nobody could limit its memory, once its size is known.
TEST_F(NoCgroupTest, NothingIsStartedAhead) {
  interpreter_ = {"/bin/bash", "-c", "ulimit -Sd; ulimit -Hd; echo $KILN_ORDER_FD"};
  ahead_env_ = {"PATH=/usr/bin:/bin"};
  for (const auto& [memory, output] :
       {std::pair{256, "262144\n262144\n\n"}, {128, "131072\n131072\n\n"}}) {
    start(interpreter_, memory);
    run_to_exit();
    EXPECT_EQ(recorder_.output, output);
    loop_->drain();
    EXPECT_TRUE(stock().interpreter_pids().empty());
    sandbox_.reset();
    recorder_ = {};
  }
}

class OlderKernelTest : public SandboxTest {
 protected:
  OlderKernelTest() { mount_fds_ = false; }
};

TEST_F(OlderKernelTest, SeesItsCodeAndLayersAndNoHost) {
  if (launcher_->isolation() == Isolation::kNone) GTEST_SKIP() << "no namespaces here";
  layers_dir_ = dir_ + "/layers";
  fs::create_directories(layers_dir_);
  std::ofstream(layers_dir_ + "/of-layer") << "x";
  start_script("ls /opt /var/task; touch /var/task/x 2>/dev/null && echo writable; ls -A /.host");
  run_to_exit();
  EXPECT_EQ(recorder_.output, "/opt:\nof-layer\n\n/var/task:\nbootstrap\n");
}

}  // namespace
}  // namespace kiln::sandbox
