// Hooks around a snapshot, and what keeps a process from being forked.
#include "kiln/snapshot.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "sdk/core/environment_files.h"
#include "sdk/core/snapshot.h"
#include "sdk/core/template_process.h"

namespace kiln {
namespace {

TEST(Snapshot, HooksRunInTheirOrdersAndOnce) {
  std::string order;
  for (const char letter : {'a', 'b', 'c'}) {
    before_checkpoint([&order, letter] { order += letter; });
    after_restore([&order, letter] { order += static_cast<char>(letter - 'a' + 'A'); });
  }
  sdk::run_before_checkpoint();
  sdk::run_after_restore();
  EXPECT_EQ(order, "cbaABC");
  sdk::run_before_checkpoint();
  sdk::run_after_restore();
  EXPECT_EQ(order, "cbaABC");
}

TEST(Snapshot, WhatAHookThrowsComesOut) {
  before_checkpoint([] { throw std::runtime_error("before"); });
  EXPECT_THROW(sdk::run_before_checkpoint(), std::runtime_error);
  after_restore([] { throw std::runtime_error("after"); });
  EXPECT_THROW(sdk::run_after_restore(), std::runtime_error);
}

TEST(Snapshot, ASecondThreadIsInTheWay) {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::thread second([&] {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return done; });
  });
  const char* why = sdk::template_obstacle();
  ASSERT_NE(why, nullptr);
  EXPECT_EQ(std::string(why),
            "2 threads run at the checkpoint; a snapshot can be made of one thread only");
  {
    const std::lock_guard lock(mutex);
    done = true;
  }
  changed.notify_one();
  second.join();
}

TEST(Snapshot, SoAreChildrenAndSharedMemory) {
  EXPECT_FALSE(sdk::has_children());
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char byte;
    ::close(ends[1]);
    ::_exit(static_cast<int>(::read(ends[0], &byte, 1)));
  }
  EXPECT_TRUE(sdk::has_children());
  ::close(ends[1]);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  EXPECT_FALSE(sdk::has_children());

  const bool before = sdk::has_shared_memory();
  void* shared = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  EXPECT_TRUE(sdk::has_shared_memory());
  ::munmap(shared, 4096);
  EXPECT_EQ(sdk::has_shared_memory(), before);
}

// Page faults of a child that writes what its parent wrote.
long faults_of_child(bool copied_before) {
  // A mapping of its own, with a page on both sides that is none of it.
  constexpr size_t kPages = 16, kPage = 4096;
  const size_t size = (kPages + 2) * kPage;
  void* all = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT_NE(all, MAP_FAILED);
  char* const memory = static_cast<char*>(all) + kPage;
  EXPECT_EQ(::mprotect(memory, kPages * kPage, PROT_READ | PROT_WRITE), 0);
  std::memset(memory, 1, kPages * kPage);
  const pid_t child = ::fork();
  if (child == 0) {
    if (copied_before) sdk::copy_memory();
    struct rusage before = {}, after = {};
    ::getrusage(RUSAGE_SELF, &before);
    for (size_t i = 0; i < kPages; ++i) const_cast<volatile char*>(memory)[i * kPage] = 2;
    ::getrusage(RUSAGE_SELF, &after);
    ::_exit(static_cast<int>(std::min<long>(after.ru_minflt - before.ru_minflt, 100)));
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  ::munmap(all, size);
  return WEXITSTATUS(status);
}

TEST(Snapshot, PagesAreCopiedBeforeTheyAreNeeded) {
  EXPECT_GE(faults_of_child(false), 16);
  EXPECT_LT(faults_of_child(true), 8);
}

class SnapshotFolder : public ::testing::Test {
 protected:
  SnapshotFolder()
      : root_(std::filesystem::temp_directory_path() /
              ("kiln-snapshot-test-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ / "from/inner");
    std::filesystem::create_directories(root_ / "to");
  }
  ~SnapshotFolder() override { std::filesystem::remove_all(root_); }
  static std::string read(const std::filesystem::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::filesystem::path root_;
};

TEST_F(SnapshotFolder, IsCopiedWithWhatIsInIt) {
  std::ofstream(root_ / "from/a") << "one";
  std::ofstream(root_ / "from/inner/b") << "two";
  ::chmod((root_ / "from/inner/b").c_str(), 0750);
  std::filesystem::create_symlink("../a", root_ / "from/inner/link");
  ASSERT_EQ(::mkfifo((root_ / "from/pipe").c_str(), 0600), 0);
  const int from = ::open((root_ / "from").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EXPECT_TRUE(sdk::copy_folder(from, (root_ / "to").c_str()));
  ::close(from);
  EXPECT_EQ(read(root_ / "to/a"), "one");
  EXPECT_EQ(read(root_ / "to/inner/link"), "one");
  EXPECT_EQ(read(root_ / "to/inner/b"), "two");
  struct stat st = {};
  ASSERT_EQ(::stat((root_ / "to/inner/b").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777U, 0750U);
  EXPECT_FALSE(std::filesystem::exists(root_ / "to/pipe"));
}

TEST_F(SnapshotFolder, DescriptorsAreCut) {
  std::ofstream(root_ / "from/a") << "0123456789";
  // In a child: it cuts this process's own, too.
  const pid_t child = ::fork();
  if (child == 0) {
    const int file = ::open((root_ / "from/a").c_str(), O_RDONLY | O_CLOEXEC);
    ::lseek(file, 4, SEEK_SET);
    const int twin = ::dup(file);  // shares the place
    int pair[2], own[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || ::pipe(own) != 0) ::_exit(1);
    if (!sdk::cut_descriptors(own, 2, 0)) ::_exit(2);
    char byte = 0;
    if (::read(file, &byte, 1) != 1 || byte != '4') ::_exit(3);
    if (::lseek(twin, 0, SEEK_CUR) != 4) ::_exit(4);
    if ((::fcntl(file, F_GETFD) & FD_CLOEXEC) == 0) ::_exit(5);
    if (::read(pair[0], &byte, 1) != 0) ::_exit(6);
    if (::send(pair[1], &byte, 1, MSG_NOSIGNAL) != -1) ::_exit(7);
    if (::write(own[1], "x", 1) != 1 || ::read(own[0], &byte, 1) != 1) ::_exit(8);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// A machine that has no process now is not one that permits none.
TEST(Snapshot, AProcessThatIsLackingNowIsNotForbidden) {
  int control[2], orders[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, orders), 0);
  const pid_t its_template = ::fork();
  if (its_template == 0) {
    ::close(control[0]);
    const struct rlimit none = {0, 0};
    if (::setrlimit(RLIMIT_NPROC, &none) != 0) ::_exit(1);
    if (::geteuid() == 0 && ::setuid(12345) != 0) ::_exit(1);
    sdk::EnvironmentFds fds;
    sdk::serve_template(control[1], fds);
    ::_exit(0);
  }
  ::close(control[1]);
  char request[] = "F";
  iovec part = {request, 1};
  alignas(cmsghdr) char room[CMSG_SPACE(4 * sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(4 * sizeof(int));
  const int given[4] = {orders[1], orders[1], orders[1], orders[1]};
  std::memcpy(CMSG_DATA(head), given, sizeof given);
  ASSERT_EQ(::sendmsg(control[0], &message, 0), 1);
  ::close(orders[1]);
  char word[256];
  const ssize_t n = ::recv(orders[0], word, sizeof word, 0);
  EXPECT_EQ(std::string(word, n > 0 ? static_cast<size_t>(n) : 0),
            "Nfork: Resource temporarily unavailable");
  ::close(control[0]);
  ::close(orders[0]);
  ::waitpid(its_template, nullptr, 0);
}

}  // namespace
}  // namespace kiln
