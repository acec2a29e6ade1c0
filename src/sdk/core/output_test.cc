#include "sdk/core/output.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

namespace kiln::sdk {
namespace {

// What `function` prints into a pipe, as a function's stdout is one, until it ends the process.
template <class F>
std::string printed_by(F&& function) {
  int pipe[2];
  EXPECT_EQ(::pipe(pipe), 0);
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe[1], 1);
    ::close(pipe[0]);
    ::close(pipe[1]);
    std::setvbuf(stdout, nullptr, _IOFBF, BUFSIZ);  // as the C library sees a pipe
    install_output();
    function();
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::string text;
  char chunk[4096];
  for (ssize_t n; (n = ::read(pipe[0], chunk, sizeof chunk)) > 0;)
    text.append(chunk, static_cast<size_t>(n));
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return text;
}

TEST(Output, LinesGoOutAsTheyEnd) {
  EXPECT_EQ(printed_by([] {
              std::printf("a line\nand a part");
              ::_exit(1);  // as a process that is killed: nothing is flushed here
            }),
            "a line\n");
}

TEST(Output, TheRestGoesOutWhenTheEventEnds) {
  EXPECT_EQ(printed_by([] {
              std::printf("a part");
              flush_output();
              ::_exit(1);
            }),
            "a part");
  EXPECT_EQ(printed_by([] {
              std::ios_base::sync_with_stdio(false);
              std::cout << "a line\nof a stream of its own";
              flush_output();
              ::_exit(1);
            }),
            "a line\nof a stream of its own");
}

TEST(Output, AnExceptionThatNobodyCatchesLosesNothing) {
  const std::string text = printed_by([] {
    std::printf("the last words");
    std::terminate();
  });
  // A report of the crash may follow.
  EXPECT_EQ(text.substr(0, 14), "the last words");
}

}  // namespace
}  // namespace kiln::sdk
