#include "base/interpreters.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/unique_fd.h"

namespace kiln {
namespace {

namespace fs = std::filesystem;

class InterpretersTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/kiln-interpreters-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    root_ = name;
    options_.home = root_ + "/home";
    options_.system_root = root_ + "/system";
    options_.patience = std::chrono::hours(1);  // no test depends on how fast a program starts
  }
  void TearDown() override { fs::remove_all(root_); }

  // A program that says its version.
  std::string program(const std::string& path, const std::string& says) {
    const std::string whole = root_ + path;
    fs::create_directories(fs::path(whole).parent_path());
    fs::create_directories(fs::path(whole).parent_path().parent_path() / "lib");
    std::ofstream(whole) << "#!/bin/sh\necho '" << says << "'\n";
    fs::permissions(whole, fs::perms(0755));
    return whole;
  }

  Interpreter find(const std::string& runtime) { return Interpreters(options_).find(runtime); }

  std::string root_;
  Interpreters::Options options_;
};

TEST_F(InterpretersTest, TheWantedPartOfAVersion) {
  EXPECT_EQ(wanted_version("python3.12"), "3.12");
  EXPECT_EQ(wanted_version("nodejs22.x"), "22");
  EXPECT_EQ(wanted_version("provided.al2023"), "");
}

TEST_F(InterpretersTest, TheRuntimesOwnVersionOutOfPyenvWithTheHighestPatch) {
  program("/system/usr/bin/python3", "Python 3.11.2");
  program("/home/.pyenv/versions/3.12.9/bin/python3.12", "Python 3.12.9");
  const auto newest = program("/home/.pyenv/versions/3.12.10/bin/python3.12", "Python 3.12.10");
  program("/home/.pyenv/versions/3.13.1/bin/python3.13", "Python 3.13.1");
  const auto found = find("python3.12");
  EXPECT_EQ(found.path, newest);
  EXPECT_TRUE(found.exact);
  EXPECT_EQ(found.version, "3.12.10");
  EXPECT_EQ(found.prefix, root_ + "/home/.pyenv/versions/3.12.10");
  EXPECT_EQ(found.path_inside(), "/var/lang/bin/python3.12");
}

TEST_F(InterpretersTest, PathBeforeVersionManagersAndTheUsersWordBeforeAll) {
  program("/home/.pyenv/versions/3.12.9/bin/python3.12", "Python 3.12.9");
  options_.path = root_ + "/shims/shims:" + root_ + "/mine/bin";
  program("/shims/shims/python3.12", "Python 3.12.1");
  const auto mine = program("/mine/bin/python3.12", "Python 3.12.2");
  EXPECT_EQ(find("python3.12").path, mine) << "and not a shim";
  const auto named = program("/named/bin/python3.12", "Python 3.12.3");
  options_.python["3.12"] = root_ + "/named";
  EXPECT_EQ(find("python3.12").path, named);
}

TEST_F(InterpretersTest, AnotherVersionStandsInAndIsSaidTo) {
  const auto machines = program("/system/usr/bin/python3", "Python 3.11.2");
  const auto found = find("python3.12");
  EXPECT_EQ(found.path, machines);
  EXPECT_TRUE(found.found);
  EXPECT_FALSE(found.exact);
  const std::string remark = Interpreters(options_).remark("python3.12");
  EXPECT_NE(remark.find("python3.12 runs on Python 3.11.2"), std::string::npos) << remark;
  EXPECT_NE(remark.find("--python 3.12=PATH"), std::string::npos) << remark;
  EXPECT_EQ(Interpreters(options_).remark("python3.11"), "");
}

TEST_F(InterpretersTest, NodeOfNvmByItsMajorVersion) {
  program("/system/usr/bin/node", "v20.20.2");
  const auto newest = program("/home/.nvm/versions/node/v22.11.0/bin/node", "v22.11.0");
  program("/home/.nvm/versions/node/v22.9.0/bin/node", "v22.9.0");
  EXPECT_EQ(find("nodejs22.x").path, newest);
  EXPECT_EQ(find("nodejs20.x").path, root_ + "/system/usr/bin/node");
  EXPECT_TRUE(find("nodejs20.x").exact);
  EXPECT_FALSE(find("nodejs24.x").exact);
}

// A named pipe: each end waits for the other.
class Gate {
 public:
  explicit Gate(std::string path) : path_(std::move(path)) {
    EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  }
  void wait_for_writer() const { ::close(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)); }
  void wait_for_reader() const { ::close(::open(path_.c_str(), O_WRONLY | O_CLOEXEC)); }

 private:
  std::string path_;
};

TEST_F(InterpretersTest, WhatIsKnownIsFoundWhileAnotherProgramIsAsked) {
  const Gate begun(root_ + "/begun"), told(root_ + "/told");
  const auto slow = program("/mine/bin/python3.12", "");
  std::ofstream(slow) << "#!/bin/sh\n: > " << root_ << "/begun\n: < " << root_
                      << "/told\necho Python 3.12.1\n";
  const auto machines = program("/system/usr/bin/python3", "Python 3.11.2");
  options_.path = root_ + "/mine/bin";
  const Interpreters interpreters(options_);
  ASSERT_EQ(interpreters.find("python3.11").path, machines);

  Interpreter found;
  std::thread asks([&] { found = interpreters.find("python3.12"); });
  begun.wait_for_writer();
  EXPECT_EQ(interpreters.find("python3.11").path, machines);
  told.wait_for_reader();
  asks.join();
  EXPECT_EQ(found.path, slow);
}

TEST_F(InterpretersTest, ALoopWaitsForNoLookAndStartsNoProcess) {
  const Gate begun(root_ + "/begun"), told(root_ + "/told");
  const auto slow = program("/mine/bin/python3", "");
  std::ofstream(slow) << "#!/bin/sh\n: > " << root_ << "/begun\n: < " << root_
                      << "/told\necho Python 3.12.1\n";
  options_.path = root_ + "/mine/bin";
  const Interpreters interpreters(options_);
  // Nothing is known: the program would wait for ever if it were asked.
  const auto guess = interpreters.at_hand("python3.12");
  EXPECT_EQ(guess.path, slow);
  EXPECT_EQ(guess.version, "");
  EXPECT_FALSE(interpreters.knows("python3.12"));

  Interpreter found;
  std::thread asks([&] { found = interpreters.find("python3.12"); });
  begun.wait_for_writer();
  EXPECT_EQ(interpreters.at_hand("python3.12").path, slow);
  EXPECT_FALSE(interpreters.at_hand("nodejs22.x").found) << "which nobody looked for";
  told.wait_for_reader();
  asks.join();
  EXPECT_TRUE(found.exact);
  EXPECT_EQ(interpreters.at_hand("python3.12").version, "3.12.1") << "what the look has found";
  EXPECT_TRUE(interpreters.knows("python3.12"));
}

TEST_F(InterpretersTest, ALoopGoesByTheNamesOfFilesUntilALookKnowsBetter) {
  program("/mine/bin/python3", "Python 3.11.2");
  const auto named = program("/mine/bin/python3.12", "Python 3.12.7");
  options_.path = root_ + "/mine/bin";
  const Interpreters interpreters(options_);
  EXPECT_EQ(interpreters.at_hand("python3.12").path, named);
  EXPECT_TRUE(interpreters.at_hand("python3.12").exact);
  EXPECT_EQ(interpreters.at_hand("python3.12").version, "3.12");
  interpreters.settle();
  EXPECT_EQ(interpreters.at_hand("python3.12").version, "3.12.7");
}

TEST_F(InterpretersTest, ThatThereIsNoneIsKnownUntilItIsTimeToLookAgain) {
  const auto comes_later = [this](Duration guess_again) {
    fs::remove_all(root_ + "/system");
    options_.guess_again = guess_again;
    const Interpreters interpreters(options_);
    EXPECT_FALSE(interpreters.find("nodejs22.x").found);
    EXPECT_FALSE(interpreters.at_hand("nodejs22.x").found);
    program("/system/usr/bin/node22", "v22.1.0");
    const bool is_known_to_a_loop = interpreters.at_hand("nodejs22.x").found;
    interpreters.settle();
    EXPECT_EQ(interpreters.at_hand("nodejs22.x").version, "22.1.0") << "a worker has looked";
    return is_known_to_a_loop;
  };
  EXPECT_FALSE(comes_later(std::chrono::hours(1)));
  EXPECT_TRUE(comes_later(Duration(0)));
}

// Whether the process ends, or has ended.
bool ends(pid_t pid) {
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd ended{process.get(), POLLIN, 0};
  return !process || ::poll(&ended, 1, 60'000) == 1;
}

TEST_F(InterpretersTest, OneThatNeverSaysItsVersionIsLeftWithAllThatItStarted) {
  const Gate begun(root_ + "/begun");
  const auto silent = program("/mine/bin/python3.12", "");
  std::ofstream(silent) << "#!/bin/sh\nsleep 3600 &\necho $! > " << root_ << "/child\n: > " << root_
                        << "/begun\nwait\n";
  const auto machines = program("/system/usr/bin/python3", "Python 3.11.2");
  options_.path = root_ + "/mine/bin";
  std::stop_source stop;
  std::thread ends_it([&] {
    begun.wait_for_writer();
    stop.request_stop();
  });
  EXPECT_EQ(Interpreters(options_).find("python3.12", stop.get_token()).path, machines);
  ends_it.join();
  pid_t child = 0;
  std::ifstream(root_ + "/child") >> child;
  ASSERT_GT(child, 0);
  EXPECT_TRUE(ends(child));
}

TEST_F(InterpretersTest, OneThatTakesTooLongIsLeft) {
  std::ofstream(program("/mine/bin/python3.12", "")) << "#!/bin/sh\nexec sleep 3600\n";
  const auto machines = program("/system/usr/bin/python3", "Python 3.11.2");
  options_.path = root_ + "/mine/bin";
  options_.patience = Duration(0);
  EXPECT_EQ(find("python3.12").path, machines);
}

TEST_F(InterpretersTest, OneThatSaysItsVersionAndStaysIsLeft) {
  const Gate begun(root_ + "/begun");
  std::ofstream(program("/mine/bin/python3.12", ""))
      << "#!/bin/sh\necho Python 3.12.1\nexec >&- 2>&-\n: > " << root_
      << "/begun\nexec sleep 3600\n";
  options_.path = root_ + "/mine/bin";
  std::stop_source stop;
  std::thread ends_it([&] {
    begun.wait_for_writer();
    stop.request_stop();
  });
  EXPECT_FALSE(Interpreters(options_).find("python3.12", stop.get_token()).found);
  ends_it.join();
}

TEST_F(InterpretersTest, OneThatEndsIsNotWaitedForWhateverItLeavesOnItsOutput) {
  std::ofstream(program("/mine/bin/python3.12", ""))
      << "#!/bin/sh\nsleep 3600 &\necho $! > " << root_ << "/child\necho Python 3.12.1\n";
  options_.path = root_ + "/mine/bin";
  EXPECT_EQ(find("python3.12").version, "3.12.1") << "within an hour's patience";
  pid_t child = 0;
  std::ifstream(root_ + "/child") >> child;
  ASSERT_GT(child, 0);
  EXPECT_TRUE(ends(child));
}

TEST_F(InterpretersTest, AnAnswerThatWasCutShortIsAskedForAgain) {
  const Gate begun(root_ + "/begun");
  const auto slow = program("/mine/bin/python3.12", "");
  std::ofstream(slow) << "#!/bin/sh\nif mkdir " << root_ << "/first 2>&-; then : > " << root_
                      << "/begun; sleep 3600; fi\necho Python 3.12.1\n";
  program("/system/usr/bin/python3", "Python 3.11.2");
  options_.path = root_ + "/mine/bin";
  const Interpreters interpreters(options_);
  std::stop_source stop;
  std::thread ends_it([&] {
    begun.wait_for_writer();
    stop.request_stop();
  });
  EXPECT_FALSE(interpreters.find("python3.12", stop.get_token()).exact);
  ends_it.join();
  EXPECT_EQ(interpreters.find("python3.12").path, slow);
}

TEST_F(InterpretersTest, OneThatTookTooLongIsAskedAgainWhenItIsTime) {
  // Zero patience is no time to say anything in.
  options_.patience = Duration(0);
  options_.path = root_ + "/mine/bin";
  std::ofstream(program("/mine/bin/python3.12", "")) << "#!/bin/sh\nexec sleep 3600\n";
  program("/system/usr/bin/python3", "Python 3.11.2");
  for (const Duration ask_again : {Duration(0), Duration(std::chrono::hours(1))}) {
    options_.ask_again = ask_again;
    const Interpreters interpreters(options_);
    EXPECT_FALSE(interpreters.find("python3.12").exact);
    const auto better = program("/home/.pyenv/versions/3.12.9/bin/python3.12", "Python 3.12.9");
    EXPECT_EQ(interpreters.find("python3.12").exact, ask_again == Duration(0));
    fs::remove_all(root_ + "/home");
  }
}

TEST_F(InterpretersTest, NoneAtAllIsSaid) {
  const auto found = find("nodejs22.x");
  EXPECT_FALSE(found.found);
  EXPECT_NE(Interpreters(options_).remark("nodejs22.x").find("nodejs22.x can't run here"),
            std::string::npos);
  EXPECT_EQ(Interpreters(options_).remark("provided.al2023"), "");
}

TEST_F(InterpretersTest, AProgramWithoutLibrariesShowsNoMoreThanItsFolder) {
  const std::string path = root_ + "/home/bin/node";
  fs::create_directories(root_ + "/home/bin");
  std::ofstream(path) << "#!/bin/sh\necho v22.1.0\n";
  fs::permissions(path, fs::perms(0755));
  options_.path = root_ + "/home/bin";
  const auto found = find("nodejs22.x");
  EXPECT_EQ(found.prefix, root_ + "/home/bin");
  EXPECT_EQ(found.path_inside(), "/var/lang/node");
}

TEST_F(InterpretersTest, UsersWordsAreChecked) {
  std::map<std::string, std::string> named;
  const auto path = program("/named/bin/python3.12", "Python 3.12.3");
  EXPECT_TRUE(Interpreters::parse("3.12=" + path, named));
  EXPECT_EQ(named["3.12"], path);
  for (const std::string wrong : {"", "3.12", "3.12=", "x=/bin/sh", "3.12=/nothing/there"})
    EXPECT_FALSE(Interpreters::parse(wrong, named)) << wrong;
}

}  // namespace
}  // namespace kiln
