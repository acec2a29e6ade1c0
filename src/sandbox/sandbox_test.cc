// What a program finds in its sandbox, and what becomes of it.
#include "sandbox/sandbox.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/sandbox_etc.h"
#include "tests/support/sandbox_fixture.h"

namespace kiln::sandbox {
namespace {

TEST_F(SandboxTest, CapturesOutputAndExitStatus) {
  start_script("echo out; echo err >&2; exit 3");
  run_to_exit();
  EXPECT_EQ(recorder_.output, "out\nerr\n");
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kExited);
  EXPECT_EQ(recorder_.exit->value, 3);
}

TEST_F(SandboxTest, ReportsTheSignalThatEndedIt) {
  start_script("kill -ABRT $$");
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kSignaled);
  EXPECT_EQ(recorder_.exit->value, SIGABRT);
}

TEST_F(SandboxTest, AFolderThatHasGoneIsNamed) {
  if (launcher_->isolation() == Isolation::kNone) GTEST_SKIP() << "nothing is mounted";
  layers_dir_ = dir_ + "/layers";
  start_script("exit 0");
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kNotStarted);
  EXPECT_EQ(recorder_.exit->reason,
            "sandbox set-up: mounting " + dir_ + "/layers at /opt: No such file or directory");
  recorder_.exit.reset();
  fs::remove_all(dir_ + "/task");
  start({"/var/task/bootstrap"});
  run_to_exit();
  EXPECT_EQ(recorder_.exit->reason,
            "sandbox set-up: mounting " + dir_ + "/task at /var/task: No such file or directory");
}

TEST_F(SandboxTest, MissingProgramAndMissingRunBit) {
  start({"/var/task/nothing"});
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kNotStarted);
  EXPECT_EQ(recorder_.exit->error, ENOENT);
  EXPECT_TRUE(recorder_.exit->program_missing);
  recorder_.exit.reset();
  std::ofstream(dir_ + "/task/plain") << "#!/bin/sh\n";
  start({launcher_->isolation() == Isolation::kNone ? dir_ + "/task/plain" : "/var/task/plain"});
  run_to_exit();
  EXPECT_EQ(recorder_.exit->error, EACCES);
  EXPECT_FALSE(recorder_.exit->program_missing);
}

// As a script that was written on Windows: the program is there, its interpreter "/bin/sh\r" is
// not.
TEST_F(SandboxTest, AProgramWhoseInterpreterIsMissingIsNotMissingItself) {
  std::ofstream(dir_ + "/task/bootstrap") << "#!/bin/sh\r\necho\r\n";
  fs::permissions(dir_ + "/task/bootstrap", fs::perms(0755));
  const std::string program =
      launcher_->isolation() == Isolation::kNone ? dir_ + "/task/bootstrap" : "/var/task/bootstrap";
  start({program});
  run_to_exit();
  EXPECT_EQ(recorder_.exit->error, ENOENT);
  EXPECT_FALSE(recorder_.exit->program_missing);
  EXPECT_EQ(recorder_.exit->program, program);
}

TEST_F(SandboxTest, KillEndsEveryProcessOfTheSandbox) {
  start_script("sleep 1000 & sleep 1000 & echo up; wait");
  run_until([this] { return recorder_.output == "up\n"; });
  sandbox_->kill();
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kKilledByUs);
}

// Process 1 comes from the launcher, which has some megabytes; it lets go of them soon after
// the function has started.
TEST_F(SandboxTest, TheFirstProcessKeepsLittleMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's own memory is most of it";
#endif
  if (launcher_->isolation() == Isolation::kNone) GTEST_SKIP() << "no namespaces here";
  start_script(
      "until [ $(sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/1/status) -lt 1536 ]; do :; "
      "done; "
      "echo small");
  run_to_exit();
  EXPECT_EQ(recorder_.output, "small\n");
}

TEST_F(SandboxTest, SeesItsCodeReadOnlyItsOwnTmpAndNoHost) {
  if (launcher_->isolation() == Isolation::kNone) GTEST_SKIP() << "no namespaces here";
  std::ofstream("/tmp/kiln-host-file-" + std::to_string(::getpid())) << "x";
  start_script(
      "touch /var/task/x 2>/dev/null && echo code-writable; touch /x 2>/dev/null && echo "
      "root-writable;"
      "ls /tmp | wc -l; ls -A /.host | wc -l; touch /tmp/mine && echo tmp; grep NoNewPrivs "
      "/proc/self/status;"
      "grep CapEff /proc/self/status; pwd");
  run_to_exit();
  EXPECT_EQ(recorder_.output, "0\n0\ntmp\nNoNewPrivs:\t1\nCapEff:\t0000000000000000\n/var/task\n");
  fs::remove("/tmp/kiln-host-file-" + std::to_string(::getpid()));
}

TEST_F(SandboxTest, SeesItsLayersReadOnlyInOpt) {
  if (launcher_->isolation() == Isolation::kNone) GTEST_SKIP() << "no namespaces here";
  constexpr const char* kScript =
      "ls /opt; touch /opt/x 2>/dev/null && echo writable; rm /opt/file 2>/dev/null && echo gone; "
      "echo end";
  start_script(kScript);
  run_to_exit();
  EXPECT_EQ(recorder_.output, "end\n") << "no layers, nothing there";

  recorder_ = {};
  layers_dir_ = dir_ + "/layers";
  fs::create_directories(layers_dir_);
  std::ofstream(layers_dir_ + "/file") << "x";
  start_script(kScript);
  run_to_exit();
  EXPECT_EQ(recorder_.output, "file\nend\n");
}

TEST_F(SandboxTest, FindsTheCLibraryInLib64) {
  if (launcher_->isolation() == Isolation::kNone) GTEST_SKIP() << "no namespaces here";
  start_script(
      "cmp /lib64/libc.so.6 $(ldd /bin/sh | sed -n 's/.*libc.so.6 => \\([^ ]*\\).*/\\1/p') && "
      "LD_LIBRARY_PATH=/lib64 /bin/sh -c 'echo started'");
  run_to_exit();
  EXPECT_EQ(recorder_.output, "started\n");
}

TEST_F(SandboxTest, TmpHasTheSizeOfEphemeralStorage) {
  if (launcher_->isolation() == Isolation::kNone) GTEST_SKIP() << "no namespaces here";
  start_script(
      "head -c 3145728 /dev/zero > /tmp/fits && echo fits; head -c 4194304 /dev/zero > /tmp/over "
      "2>/dev/null || echo full",
      256, 4);
  run_to_exit();
  EXPECT_EQ(recorder_.output, "fits\nfull\n");
}

TEST_F(SandboxTest, HasAUidOfItsOwn) {
  if (!isolated()) GTEST_SKIP() << "needs root";
  start_script("id -u; id -g; id -G");
  run_to_exit();
  EXPECT_EQ(recorder_.output, "900000\n900000\n900000\n");
}

// What AWS answered in November 2025, with a uid of its own in place of 993.
TEST_F(SandboxTest, RunsAsLambdasUserWithAHomeAndSeesNoOtherUsers) {
  if (launcher_->isolation() == Isolation::kNone) GTEST_SKIP() << "no namespaces here";
  start(
      {"/usr/bin/python3", "-c",
       "import getpass, os, pwd, subprocess\n"
       "me = pwd.getpwuid(os.getuid())\n"
       "print(getpass.getuser(), subprocess.getoutput('whoami'), me.pw_dir, "
       "os.path.expanduser('~'))\n"
       "print([p.pw_name for p in pwd.getpwall()])\n"
       "print(subprocess.getoutput('id -un'), pwd.getpwnam('sbx_user1051').pw_uid == os.getuid())\n"
       "print([n for n in ('shadow', 'sudoers', 'cron.d', 'subuid') if os.path.exists('/etc/' + "
       "n)])"});
  run_to_exit();
  EXPECT_EQ(recorder_.output,
            "sbx_user1051 sbx_user1051 /home/sbx_user1051 /home/sbx_user1051\n"
            "['root', 'bin', 'daemon', 'nobody', 'sbx_user1051']\n"
            "sbx_user1051 True\n[]\n");
}

TEST_F(SandboxTest, HasNamesTimeAndCertificatesOfItsOwn) {
  if (launcher_->isolation() == Isolation::kNone) GTEST_SKIP() << "no namespaces here";
  start({"/usr/bin/python3", "-c",
         "import os, socket, ssl, time\n"
         "print(socket.gethostbyname('localhost'), socket.getaddrinfo('localhost', 'http', "
         "socket.AF_INET, socket.SOCK_STREAM)[0][4], time.tzname, socket.gethostname())\n"
         "paths = ssl.get_default_verify_paths()\n"
         "print(paths.capath is None or os.path.isdir(paths.capath))"});
  run_to_exit();
  EXPECT_EQ(recorder_.output, "127.0.0.1 ('127.0.0.1', 80) ('UTC', 'UTC') kiln\nTrue\n");
}

TEST_F(SandboxTest, ShIsBashAsInLambdasSystems) {
  if (launcher_->isolation() == Isolation::kNone) GTEST_SKIP() << "no namespaces here";
  // From AWS's tutorial of a custom runtime.
  start_script(
      "set -euo pipefail\nx=(a b)\nfalse | true || echo \"${x[1]} ${BASH_VERSION:+bash}\"");
  run_to_exit();
  EXPECT_EQ(recorder_.output, "b bash\n");
}

// What AWS answered in November 2025.
TEST_F(SandboxTest, HasLambdasResourceLimits) {
  if (!isolated()) GTEST_SKIP() << "only root may raise limits";
  start({"/usr/bin/python3", "-c",
         "import resource as r\n"
         "for n in 'AS CORE CPU DATA FSIZE MEMLOCK NOFILE NPROC RSS STACK'.split(): "
         "print(n, *r.getrlimit(getattr(r, 'RLIMIT_' + n)))"});
  run_to_exit();
  const std::string data =
      cgroups_->kind() == LimitsKind::kRlimit ? "268435456 268435456" : "-1 -1";
  EXPECT_EQ(recorder_.output,
            "AS -1 -1\nCORE 10737418240 10737418240\nCPU -1 -1\nDATA " + data +
                "\nFSIZE -1 -1\nMEMLOCK 65536 65536\nNOFILE 1024 1024\nNPROC 742 742\nRSS -1 -1\n"
                "STACK 8388608 -1\n");
}

// Where the machine's memory runs out.
TEST_F(SandboxTest, EndsBeforeTheEngine) {
  start({"/usr/bin/python3", "-c",
         "import os\n"
         "if os.fork(): os.wait()\n"
         "print(open('/proc/self/oom_score_adj').read().strip())"});
  run_to_exit();
  EXPECT_EQ(recorder_.output, "500\n500\n");
  int own = 0;
  std::ifstream("/proc/self/oom_score_adj") >> own;
  EXPECT_LT(own, 500);
}

TEST(SandboxEtc, HostsKeepsNamesOfOthersAndDropsTheMachinesOwn) {
  const std::string text = hosts_text(
      "# static\n127.0.0.1 localhost\n127.0.1.1 laptop # me\n::1 ip6-localhost\nff02::1 all\n"
      "  10.1.2.3\tdb.local db # the database\n\n172.17.0.1 host.docker.internal\r\nfe00::0 x");
  EXPECT_EQ(text,
            "127.0.0.1 localhost localhost.localdomain kiln\n"
            "::1 localhost6 localhost6.localdomain6\n"
            "10.1.2.3\tdb.local db\n172.17.0.1 host.docker.internal\n");
}

TEST_F(SandboxTest, AProgramOverItsMemoryIsKilledAndSaidToBe) {
  if (cgroups_->kind() == LimitsKind::kRlimit) GTEST_SKIP() << "no cgroup here";
  start({"/usr/bin/python3", "-c", "x = bytearray(200 * 1024 * 1024)\nprint(len(x))"}, 128);
  run_to_exit();
  EXPECT_EQ(recorder_.exit->kind, Exit::Kind::kSignaled);
  EXPECT_EQ(recorder_.exit->value, SIGKILL);
  EXPECT_TRUE(recorder_.exit->out_of_memory);
}

TEST_F(SandboxTest, AProgramWithinItsMemoryIsNot) {
  if (cgroups_->kind() == LimitsKind::kRlimit) GTEST_SKIP() << "no cgroup here";
  start({"/usr/bin/python3", "-c", "x = bytearray(200 * 1024 * 1024)\nprint(len(x))"}, 256);
  run_until([this] { return !recorder_.output.empty(); });
  EXPECT_GE(sandbox_->peak_memory_bytes(), 200u * 1024 * 1024);
  EXPECT_LE(sandbox_->peak_memory_bytes(), 256u * 1024 * 1024);
  run_to_exit();
  EXPECT_EQ(recorder_.exit->value, 0);
  EXPECT_FALSE(recorder_.exit->out_of_memory);
}

TEST_F(SandboxTest, ForksAreLimited) {
  start({"/usr/bin/python3", "-c",
         "import os\n"
         "n = 0\n"
         "try:\n"
         "  while n < 3000:\n"
         "    if os.fork() == 0:\n"
         "      import time; time.sleep(1000)\n"
         "    n += 1\n"
         "except OSError as e:\n"
         "  print('stopped', 700 < n < 1100)\n"
         "  import sys; sys.stdout.flush()\n"
         "os._exit(0)"},
        2048);
  run_to_exit();
  if (cgroups_->kind() != LimitsKind::kRlimit || isolated()) {
    EXPECT_EQ(recorder_.output, "stopped True\n");
  }
}

// More than the sockets hold in either direction.
TEST_F(SandboxTest, ALoopMayAskTheLauncherForManyThingsAtOnce) {
  constexpr int kMany = 2000;
  const UniqueFd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  int joined = 0;
  for (int i = 0; i < kMany; ++i)
    client_->join(self.get(), ::getpid(), {}, false,
                  [&](Result<void> done) { joined += static_cast<int>(done.ok()); });
  run_until([&] { return joined == kMany; });
}

}  // namespace
}  // namespace kiln::sandbox
