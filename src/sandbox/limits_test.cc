// cgroup v1 for real where it can be had, and v2 by its file protocol in a folder that plays the
// kernel's part.
#include "sandbox/limits.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <regex>

#include "base/thread_start.h"

namespace kiln::sandbox {
namespace {

namespace fs = std::filesystem;

void put(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
std::string get(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What the kernel puts into a new v2 group.
int make_v2(const char* path, unsigned mode) {
  if (::mkdir(path, mode) != 0) return -1;
  const std::string dir = path;
  put(dir + "/cgroup.controllers", "cpu memory pids\n");
  for (const char* file : {"cgroup.subtree_control", "cgroup.procs", "cpu.max", "memory.max",
                           "memory.swap.max", "pids.max"})
    put(dir + "/" + file, "");
  put(dir + "/memory.peak", "1048576\n");
  put(dir + "/memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 0\n");
  return 0;
}

int refuse(const char*, unsigned) {
  errno = EACCES;
  return -1;
}

class LimitsTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/kiln-limits-test-XXXXXX";
    dir_ = ::mkdtemp(name);
    put(dir_ + "/cgroup.controllers", "cpuset cpu memory pids\n");
    put(dir_ + "/cgroup.subtree_control", "cpu memory pids\n");
    put(dir_ + "/self", "0::/\n");
  }
  void TearDown() override { fs::remove_all(dir_); }
  CgroupFactory::Paths paths() const { return {dir_, dir_ + "/self", make_v2}; }
  std::string dir_;
};

TEST(ResourceLimits, CpuShareFollowsMemory) {
  EXPECT_EQ((ResourceLimits{1769}).cpu_quota_us(), 20'000);
  EXPECT_EQ((ResourceLimits{128}).cpu_quota_us(), 1'447);
  EXPECT_EQ((ResourceLimits{10'240}).cpu_quota_us(), 115'772);
}

TEST_F(LimitsTest, V2WritesTheKernelsFiles) {
  auto factory = CgroupFactory::detect(paths(), "7-0");
  ASSERT_EQ(factory.kind(), LimitsKind::kCgroupV2);
  EXPECT_EQ(factory.warning(), "");
  auto group = factory.make();
  ASSERT_NE(group, nullptr);
  ASSERT_TRUE(group->set_memory({512, 1024}));
  const std::string at = dir_ + "/kiln-7-0/env-2";  // the first was the probe
  EXPECT_EQ(get(at + "/memory.max"), "536870912");
  EXPECT_EQ(get(at + "/memory.swap.max"), "0");
  EXPECT_EQ(get(at + "/pids.max"), "1024");
  EXPECT_EQ(get(at + "/cpu.max"), "") << "init is not throttled";
  group->set_cpu_quota({512, 1024});
  EXPECT_EQ(get(at + "/cpu.max"), "5789 20000");
  EXPECT_EQ(group->peak_memory_bytes(), 1048576u);
  EXPECT_FALSE(group->oom_killed());
  put(at + "/memory.events", "oom 1\noom_kill 1\n");
  EXPECT_TRUE(group->oom_killed());
  EXPECT_EQ(group->join_fds().size(), 1u);
}

TEST_F(LimitsTest, AGroupThatIsStillThereIsPassedOver) {
  auto factory = CgroupFactory::detect(paths(), "7-0");
  fs::create_directories(dir_ + "/kiln-7-0/env-2");
  const auto group = factory.make();
  ASSERT_NE(group, nullptr);
  EXPECT_TRUE(fs::exists(dir_ + "/kiln-7-0/env-3/memory.max"));
}

TEST_F(LimitsTest, V2WithoutAControllerIsNotUsed) {
  auto p = paths();
  p.make_dir = [](const char* path, unsigned mode) {
    const int r = make_v2(path, mode);
    put(std::string(path) + "/cgroup.controllers", "cpu memory\n");
    return r;
  };
  const auto factory = CgroupFactory::detect(p, "7-0");
  EXPECT_EQ(factory.kind(), LimitsKind::kRlimit);
  EXPECT_NE(factory.warning().find("CPU share is not limited"), std::string::npos);
}

TEST_F(LimitsTest, WithoutPermissionOnlyRlimitsAndItIsSaid) {
  auto p = paths();
  p.make_dir = refuse;
  auto factory = CgroupFactory::detect(p, "7-0");
  EXPECT_EQ(factory.kind(), LimitsKind::kRlimit);
  EXPECT_NE(factory.warning(), "");
  EXPECT_EQ(factory.make(), nullptr);
}

TEST_F(LimitsTest, SweepRemovesGroupsOfEnginesThatAreGone) {
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  fs::create_directories(dir_ + "/kiln-" + std::to_string(gone) + "-0/env-1");
  // Of a living process that is another.
  fs::create_directories(dir_ + "/kiln-" + std::to_string(::getppid()) + "-0/env-1");
  fs::create_directories(dir_ + "/other");
  CgroupFactory::sweep(paths());
  EXPECT_FALSE(fs::exists(dir_ + "/kiln-" + std::to_string(gone) + "-0"));
  EXPECT_TRUE(fs::exists(dir_ + "/kiln-" + std::to_string(::getppid()) + "-0/env-1"));
  EXPECT_TRUE(fs::exists(dir_ + "/other"));
}

// In a container each engine has the same number after a restart.
TEST_F(LimitsTest, SweepRemovesGroupsOfAnEarlierEngineWithTheSameNumber) {
  const auto swept_in_a_child = [&](bool has_made) {
    const pid_t child = ::fork();
    if (child == 0) {
      const std::string own = dir_ + "/kiln-" + std::to_string(::getpid()) + "-0";
      fs::create_directories(own + "/env-1");
      CgroupFactory::Paths p = paths();
      if (has_made) CgroupFactory::detect(p, "7-0");
      CgroupFactory::sweep(p);
      ::_exit(fs::exists(own) ? 1 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status) == 0;
  };
  EXPECT_TRUE(swept_in_a_child(false));
  EXPECT_FALSE(swept_in_a_child(true)) << "groups of this process itself";
}

TEST_F(LimitsTest, SweepKnowsWhereEarlierEnginesOfItsDataFolderMadeTheirs) {
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  const std::string name = "/kiln-" + std::to_string(gone) + "-0";
  fs::create_directories(dir_ + "/session-1" + name + "/env-1");
  fs::create_directories(dir_ + "/session-2" + name + "/env-1");
  const std::string outside = ::testing::TempDir() + "kiln-outside-" + std::to_string(gone);
  fs::create_directories(outside + name);
  auto p = paths();
  p.known = dir_ + "/known";
  put(p.self, "0::/session-1\n");
  put(p.known, outside + "\n" + dir_ + "/session-2/../../" + outside + "\n");
  // What this engine leaves behind.
  CgroupFactory::sweep(p);
  fs::create_directories(dir_ + "/session-1" + name + "/env-1");
  put(p.self, "0::/session-3\n");
  CgroupFactory::sweep(p);
  EXPECT_FALSE(fs::exists(dir_ + "/session-1" + name));
  EXPECT_TRUE(fs::exists(dir_ + "/session-2" + name)) << "no engine of this folder ran there";
  EXPECT_TRUE(fs::exists(outside + name));
  EXPECT_EQ(get(p.known).find("session-1"), std::string::npos) << "nothing is left there";
  EXPECT_NE(get(p.known).find("/session-3"), std::string::npos);
  // Another engine's, that is alive.
  const std::string alive = dir_ + "/session-3/kiln-" + std::to_string(::getppid()) + "-0";
  fs::create_directories(alive);
  put(p.self, "0::/session-4\n");
  CgroupFactory::sweep(p);
  EXPECT_TRUE(fs::exists(alive));
  EXPECT_NE(get(p.known).find("/session-3"), std::string::npos);
  EXPECT_FALSE(fs::exists(p.known + ".new"));
  fs::remove_all(outside);
}

// Of this thread.
std::string cpu_group() {
  std::ifstream in("/proc/thread-self/cgroup");
  const std::regex cpu("[0-9]+:(?:.*,)?cpu(?:,.*)?:(.*)");
  std::smatch found;
  for (std::string line; std::getline(in, line);)
    if (std::regex_match(line, found, cpu)) return found[1];
  return "none";
}

TEST(LimitsV1, AFavoredThreadHasAGroupOfItsOwnUntilTheFactoryGoes) {
  std::string group, next, shares;
  {
    auto factory = CgroupFactory::detect({}, std::to_string(::getpid()) + "-favored");
    if (factory.kind() != LimitsKind::kCgroupV1) GTEST_SKIP() << "no cgroup v1 to use here";
    std::thread thread([&] {
      factory.favor_this_thread();
      group = cpu_group();
      std::thread([&] {
        begin_thread();
        next = cpu_group();
      }).join();
    });
    thread.join();
    ASSERT_NE(group.find("-favored-loop"), group.npos) << group;
    EXPECT_EQ(next, cpu_group()) << "a thread that it starts is as all others";
    shares = get("/sys/fs/cgroup/cpu" + group + "/cpu.shares");
    EXPECT_EQ(std::stoi(shares), 4 * std::stoi(get("/sys/fs/cgroup/cpu/cpu.shares")));
  }
  EXPECT_FALSE(fs::exists("/sys/fs/cgroup/cpu" + group));
}

TEST(LimitsV1, RealGroupsAreMadeLimitedAndRemoved) {
  auto factory = CgroupFactory::detect({}, std::to_string(::getpid()) + "-limits");
  if (factory.kind() != LimitsKind::kCgroupV1) GTEST_SKIP() << "no cgroup v1 to use here";
  factory.refill(2);
  auto group = factory.make();
  ASSERT_NE(group, nullptr);
  ASSERT_TRUE(group->set_memory({64, 16}));
  group->set_cpu_quota({64, 16});
  EXPECT_EQ(group->join_fds().size(), 3u);
  const pid_t child = ::fork();
  if (child == 0) {
    for (const UniqueFd& fd : group->join_fds())
      if (::write(fd.get(), "0", 1) != 1) ::_exit(1);
    std::string large(20 << 20, 'x');
    ::_exit(large[5] == 'x' ? 0 : 2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_GE(group->peak_memory_bytes(), 20u << 20);
}

}  // namespace
}  // namespace kiln::sandbox
