#include "base/processors.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace kiln {
namespace {

TEST(Processors, AreThoseOfTheMachineOrOfAQuota) {
  const struct {
    size_t processors;
    std::optional<double> quota;
    size_t usable;
  } cases[] = {
      {64, std::nullopt, 64}, {0, std::nullopt, 1}, {64, 1.0, 1}, {64, 0.1, 1},
      {64, 1.4, 1},           {64, 1.5, 2},         {64, 2.0, 2}, {2, 64.0, 2},
  };
  for (const auto& c : cases)
    EXPECT_EQ(usable_processors(c.processors, c.quota), c.usable)
        << c.processors << " " << c.quota.value_or(-1);
}

class ProcessorQuota : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/kiln-processors-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    root_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }
  std::optional<double> quota() {
    return processor_quota({(root_ / "cgroup").string(), (root_ / "self").string()});
  }
  std::filesystem::path root_;
};

TEST_F(ProcessorQuota, OfVersion2IsTheLeastOfAGroupAndThoseAboveIt) {
  EXPECT_EQ(quota(), std::nullopt);
  write("self", "0::/a/b\n");
  write("cgroup/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), std::nullopt);
  write("cgroup/a/cpu.max", "250000 100000\n");
  EXPECT_EQ(quota(), 2.5);
  write("cgroup/a/b/cpu.max", "50000 100000\n");
  EXPECT_EQ(quota(), 0.5);
}

TEST_F(ProcessorQuota, OfVersion1) {
  write("self", "5:memory:/m\n4:cpu,cpuacct:/docker/x\n");
  write("cgroup/cpu/docker/x/cpu.cfs_quota_us", "-1\n");
  write("cgroup/cpu/docker/x/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), std::nullopt);
  write("cgroup/cpu/docker/x/cpu.cfs_quota_us", "400000\n");
  EXPECT_EQ(quota(), 4.0);
}

// A container sees its own group at the top of the mount.
TEST_F(ProcessorQuota, AtTheTopOfTheMount) {
  write("self", "4:cpu,cpuacct:/docker/x\n");
  write("cgroup/cpu/cpu.cfs_quota_us", "150000\n");
  write("cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 1.5);
  write("self", "0::/\n");
  write("cgroup/cpu.max", "100000 100000\n");
  EXPECT_EQ(quota(), 1.0);
}

TEST_F(ProcessorQuota, NonsenseIsNoLimit) {
  write("self", "0::/\n");
  for (const char* text : {"", "0 0", "-5 100000", "100000", "x y", "100000 0"}) {
    write("cgroup/cpu.max", text);
    EXPECT_EQ(quota(), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace kiln
