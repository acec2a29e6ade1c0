// What is told of a folder's changes, with real files: large trees, and folders that are forgotten.
#include "engine/hot_reload.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/support/test_dir.h"

namespace kiln::engine {
namespace {

constexpr int kNoNamespace = 77;

class HotReloadTest : public testing::Test {
 protected:
  void make_folders(size_t count) {
    for (size_t i = 0; i < count; ++i)
      std::filesystem::create_directories(root_ + "/d" + std::to_string(i % 7) + "/" +
                                          std::to_string(i));
  }
  void change(const std::string& path) { std::ofstream(root_ + "/" + path) << "x = 1\n"; }
  template <class F>
  void run_until(F done) {
    const auto give_up = clock_.steady_now() + std::chrono::seconds(20);
    while (!done()) {
      ASSERT_LT(clock_.steady_now(), give_up);
      loop_.turn(std::chrono::milliseconds(100));
    }
  }

  SystemClock clock_;
  TestDir dir_;
  std::string root_ = dir_.path() + "/code";
  net::IoLoop loop_{0, clock_};
  std::vector<std::string> told_;
  std::vector<std::string> trouble_;
  HotReload reload_{loop_, [this](const std::string& folder) { told_.push_back(folder); },
                    [this](const std::string& text) { trouble_.push_back(text); }};
};

TEST_F(HotReloadTest, TheLoopGoesOnWhileALargeTreeIsWatched) {
  constexpr size_t kFolders = 6 * HotReload::kPart;
  make_folders(kFolders);
  reload_.watch(root_);
  EXPECT_LE(reload_.watched(), HotReload::kPart);
  EXPECT_TRUE(told_.empty()) << "within the call of watch()";
  size_t when_asked = 0;
  loop_.post([&] { when_asked = reload_.watched(); });
  run_until([&] { return reload_.watched() == kFolders + 8; });
  EXPECT_GT(when_asked, 0U);
  EXPECT_LT(when_asked, kFolders) << "posted work waits for a part alone";
  // What changed before the last folder was watched is covered.
  run_until([&] { return !told_.empty(); });
  EXPECT_EQ(told_, std::vector<std::string>{root_});
  told_.clear();
  change("d6/6/late.py");
  run_until([&] { return !told_.empty(); });
}

TEST_F(HotReloadTest, ASmallTreeIsWatchedAtOnce) {
  make_folders(3);
  reload_.watch(root_);
  EXPECT_EQ(reload_.watched(), 7U);
  change("d2/2/index.py");
  run_until([&] { return !told_.empty(); });
  EXPECT_EQ(told_.front(), root_);
}

TEST_F(HotReloadTest, NothingIsToldOfAFolderThatIsForgotten) {
  make_folders(3);
  const std::string other = dir_.path() + "/other";
  std::filesystem::create_directories(other);
  reload_.watch(root_);
  reload_.watch(other);
  reload_.forget(root_);
  EXPECT_EQ(reload_.watched(), 1U);
  change("d1/1/index.py");
  std::ofstream(other + "/index.py") << "x = 1\n";
  run_until([&] { return !told_.empty(); });
  EXPECT_EQ(told_.front(), other);
  loop_.drain();
  EXPECT_EQ(std::count(told_.begin(), told_.end(), root_), 0);
  // It can be watched again.
  reload_.watch(root_);
  EXPECT_EQ(reload_.watched(), 8U);
}

TEST_F(HotReloadTest, OneThatIsForgottenWhileItIsBeingWatched) {
  make_folders(3 * HotReload::kPart);
  reload_.watch(root_);
  reload_.close();
  EXPECT_EQ(reload_.watched(), 0U);
  loop_.drain();
  EXPECT_EQ(reload_.watched(), 0U);
  EXPECT_TRUE(told_.empty());
}

TEST_F(HotReloadTest, FoldersWithinOneAnotherAreEachTold) {
  make_folders(3);
  const std::string inner = root_ + "/d1";
  const std::string link = dir_.path() + "/link";
  std::filesystem::create_directory_symlink(root_, link);
  for (const std::string& folder : {root_, inner, link}) reload_.watch(folder);
  const auto told = [this](const std::string& folder) {
    return std::count(told_.begin(), told_.end(), folder) > 0;
  };
  change("d1/1/index.py");
  run_until([&] { return told(root_) && told(inner) && told(link); });
  told_.clear();
  change("d2/2/index.py");
  run_until([&] { return told(root_) && told(link); });
  EXPECT_FALSE(told(inner));
  told_.clear();
  reload_.forget(inner);
  change("d1/1/again.py");
  run_until([&] { return told(root_) && told(link); });
  EXPECT_FALSE(told(inner));
}

TEST_F(HotReloadTest, AFolderThatIsMadeAgainIsWatchedAgain) {
  make_folders(3);
  reload_.watch(root_);
  for (const bool renamed : {false, true}) {
    if (renamed)
      std::filesystem::rename(root_, dir_.path() + "/away");
    else
      std::filesystem::remove_all(root_);
    run_until([&] { return !told_.empty(); });
    loop_.drain();
    told_.clear();
    make_folders(3);
    run_until([&] { return !told_.empty(); });
    loop_.drain();
    EXPECT_EQ(reload_.watched(), 7U);
    told_.clear();
    change("d2/2/index.py");
    run_until([&] { return !told_.empty(); });
    EXPECT_EQ(told_.front(), root_);
    told_.clear();
  }
  // The renamed one is not the function's any more.
  std::ofstream(dir_.path() + "/away/d1/1/index.py") << "x = 1\n";
  loop_.drain();
  EXPECT_TRUE(told_.empty());
}

// As tools do that put a new version beside the old one: "current" leads to one of them.
TEST_F(HotReloadTest, AFolderBehindALinkThatChangesIsWatchedAgain) {
  const std::string current = dir_.path() + "/current", folder = current + "/code";
  for (const char* version : {"v1", "v2", "v3"})
    std::filesystem::create_directories(dir_.path() + "/" + version + "/code");
  std::filesystem::create_directory_symlink("v1", current);
  reload_.watch(folder);
  const auto changes = [&](const std::string& path) {
    loop_.drain();
    told_.clear();
    std::ofstream(dir_.path() + path) << "x = 1\n";
    loop_.turn(std::chrono::milliseconds(0));
    return !told_.empty();
  };
  EXPECT_TRUE(changes("/v1/code/index.py"));
  EXPECT_FALSE(changes("/beside.py"));
  for (const std::string version : {"v2", "v3"}) {
    told_.clear();
    if (version == "v2") {
      std::filesystem::create_directory_symlink(version, dir_.path() + "/next");
      std::filesystem::rename(dir_.path() + "/next", current);
    } else {
      std::filesystem::remove(current);
      std::filesystem::create_directory_symlink(version, current);
    }
    run_until([&] { return !told_.empty(); });
    EXPECT_EQ(told_.front(), folder);
    EXPECT_TRUE(changes("/" + version + "/code/index.py")) << version;
    EXPECT_FALSE(changes("/v1/code/index.py"));
  }
}

TEST_F(HotReloadTest, WhileItIsGoneItsNeighboursChangeNothing) {
  make_folders(1);
  reload_.watch(root_);
  std::filesystem::remove_all(root_);
  run_until([&] { return !told_.empty(); });
  loop_.drain();
  told_.clear();
  std::ofstream(dir_.path() + "/neighbour") << "x";
  std::filesystem::create_directory(dir_.path() + "/other");
  loop_.drain();
  EXPECT_TRUE(told_.empty());
  make_folders(1);
  run_until([&] { return !told_.empty(); });
  EXPECT_EQ(told_.front(), root_);
}

TEST_F(HotReloadTest, WithTheFolderAboveItToo) {
  const std::string deep = root_ + "/a/b/c";
  std::filesystem::create_directories(deep);
  reload_.watch(deep);
  std::filesystem::remove_all(root_);
  run_until([&] { return !told_.empty(); });
  loop_.drain();
  std::filesystem::create_directories(deep);
  loop_.drain();
  told_.clear();
  std::ofstream(deep + "/index.py") << "x = 1\n";
  run_until([&] { return !told_.empty(); });
  EXPECT_EQ(told_.front(), deep);
}

// Does `work` in a process for which the machine has so few of what `limit` counts. Its status.
template <class Work>
int with_few(const std::string& limit, int few, Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER) != 0) ::_exit(kNoNamespace);
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 0 1";
    if (!(std::ofstream("/proc/sys/user/" + limit) << few).flush()) ::_exit(kNoNamespace);
    work();
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

TEST_F(HotReloadTest, FoldersThatCannotBeWatchedAreToldOnceAndTheRestGoesOn) {
  make_folders(20);
  const int done = with_few("max_inotify_watches", 5, [&] {
    reload_.watch(root_);
    EXPECT_EQ(reload_.watched(), 5U);
    std::filesystem::create_directories(root_ + "/d1/late");
    change("index.py");
    run_until([&] { return !told_.empty(); });
    EXPECT_EQ(trouble_,
              std::vector<std::string>{"not all changes in " + root_ +
                                       " are seen, since it can't be watched (No space left on "
                                       "device); raise fs.inotify.max_user_watches, or leave "
                                       "folders out with .kilnignore, and start again"});
  });
  if (done == kNoNamespace) GTEST_SKIP() << "takes a user namespace";
  EXPECT_EQ(done, 0);
}

TEST_F(HotReloadTest, WithoutAnInstanceItIsToldOnceAndTriedAgain) {
  make_folders(1);
  const int done = with_few("max_inotify_instances", 0, [&] {
    for (int i = 0; i < 3; ++i) reload_.watch(root_);
    EXPECT_EQ(reload_.watched(), 0U);
    ASSERT_EQ(trouble_.size(), 1U);
    EXPECT_NE(trouble_[0].find("fs.inotify.max_user_instances"), std::string::npos);
    std::ofstream("/proc/sys/user/max_inotify_instances") << 10;
    reload_.watch(root_);
    EXPECT_EQ(reload_.watched(), 3U);
  });
  if (done == kNoNamespace) GTEST_SKIP() << "takes a user namespace";
  EXPECT_EQ(done, 0);
}

TEST_F(HotReloadTest, WhereEventsWereLostAllCountsAsChanged) {
  make_folders(3);
  reload_.watch(root_);
  size_t most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  // Read by nobody meanwhile; the last of them is lost.
  for (size_t i = 0; i < most; ++i) {
    change("d1/1/" + std::to_string(i % 100) + ".pyc");
    std::filesystem::remove(root_ + "/d1/1/" + std::to_string(i % 100) + ".pyc");
  }
  std::filesystem::create_directories(root_ + "/late");
  run_until([&] { return !told_.empty(); });
  loop_.drain();
  told_.clear();
  change("late/index.py");
  run_until([&] { return !told_.empty(); });
}

}  // namespace
}  // namespace kiln::engine
