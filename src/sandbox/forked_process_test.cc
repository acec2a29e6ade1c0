// Who says that it is an environment's process 1.
#include "sandbox/forked_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

namespace kiln::sandbox {
namespace {

TEST(ForkedProcess, DepthIsThatOfAFirstProcess) {
  EXPECT_EQ(depth_of_first("Name:\tx\nNSpid:\t100\t7\t1\nNSpgid:\t1\n"), 3);
  EXPECT_EQ(depth_of_first("Name:\tx\nNSpid:\t100\t1\nNSpgid:\t1\n"), 2);
  EXPECT_EQ(depth_of_first("Name:\tx\nNSpid:\t100\t7\n"), 0);
  EXPECT_EQ(depth_of_first("Name:\tx\nNSpid:\t\n"), 0);
  EXPECT_EQ(depth_of_first("Name:\tNSpid: 1\n"), 0);
  EXPECT_EQ(depth_of_first(""), 0);
}

class Words : public testing::Test {
 protected:
  Words() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair_), 0);
    EXPECT_TRUE(ask_for_pids(pair_[0]));
  }
  ~Words() override {
    for (const int fd : pair_)
      if (fd >= 0) ::close(fd);
  }
  int pair_[2] = {-1, -1};
};

TEST_F(Words, CarryThePidOfWhoSentThem) {
  ForkWord word;
  EXPECT_FALSE(read_word(pair_[0], word));
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::send(pair_[1], "Hello", 5, 0) == 5 ? 0 : 1);
  ::waitpid(child, nullptr, 0);
  ASSERT_TRUE(read_word(pair_[0], word));
  EXPECT_EQ(word.letter, 'H');
  EXPECT_EQ(word.text, "ello");
  EXPECT_EQ(word.pid, child);
  EXPECT_EQ(word.uid, ::getuid());
}

TEST_F(Words, EndWithTheSender) {
  ::close(std::exchange(pair_[1], -1));
  ForkWord word;
  ASSERT_TRUE(read_word(pair_[0], word));
  EXPECT_EQ(word.letter, 0);
}

TEST_F(Words, DescriptorsThatComeAlongAreClosed) {
  alignas(struct cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))] = {};
  char letter = 'H';
  struct iovec part = {&letter, 1};
  struct msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  struct cmsghdr* c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(8 * sizeof(int));
  for (size_t i = 0; i < 8; ++i)
    std::memcpy(CMSG_DATA(c) + i * sizeof(int), &pair_[1], sizeof(int));
  const int free = ::dup(pair_[0]);
  ::close(free);
  ASSERT_EQ(::sendmsg(pair_[1], &message, 0), 1);
  ForkWord word;
  ASSERT_TRUE(read_word(pair_[0], word));
  EXPECT_EQ(word.letter, 'H');
  const int again = ::dup(pair_[0]);
  EXPECT_EQ(again, free);
  ::close(again);
}

// A process that is none of an environment is not taken for one.
TEST_F(Words, OnlyAFirstProcessBelowTheTemplateIsOne) {
  ForkWord word;
  word.letter = 'H';
  word.pid = ::getpid();
  word.uid = ::getuid();
  EXPECT_FALSE(open_first_process(word, ::getuid(), ::getpid()));
  EXPECT_FALSE(open_first_process(word, ::getuid() + 1, ::getpid()));
  word.pid = 0;
  EXPECT_FALSE(open_first_process(word, ::getuid(), ::getpid()));
}

}  // namespace
}  // namespace kiln::sandbox
