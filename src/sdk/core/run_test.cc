// kiln::run() as a whole process: exit codes and signals. Each test runs a function in a child.
#include "kiln/run.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <stdexcept>

#include "tests/support/http_double.h"

namespace kiln {
namespace {

using kiln::testing::HttpDouble;

// Starts `main_function` in a child with the Runtime API at `address`.
template <class F>
pid_t start(const std::string& address, F main_function) {
  ::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("AWS_LAMBDA_RUNTIME_API", address.c_str(), 1);
    ::_exit(main_function());
  }
  return child;
}

// The exit code, or minus the signal.
int wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

std::string echo_text(std::string_view payload, const Context&) { return std::string(payload); }

// ThreadSanitizer holds signals back while a thread sleeps in recv(2): nothing here would ever end.
#ifdef __SANITIZE_THREAD__
#define KILN_NEEDS_SIGNALS() GTEST_SKIP() << "ThreadSanitizer delays signals"
#else
#define KILN_NEEDS_SIGNALS() (void)0
#endif

TEST(Run, AFailedFactoryExitsWithOneAfterReporting) {
  std::string posted;
  {
    HttpDouble server([&](const HttpDouble::Request& request) {
      posted += request.head.substr(0, request.head.find("\r\n")) + " " + request.body;
      return HttpDouble::Reply{.bytes = HttpDouble::response(202, "", "{}")};
    });
    const pid_t child = start(server.address(), [] {
      return run([]() -> decltype(&echo_text) { throw std::invalid_argument("bad settings"); });
    });
    EXPECT_EQ(wait_for(child), 1);
  }
  EXPECT_EQ(
      posted,
      "POST /2018-06-01/runtime/init/error HTTP/1.1 "
      R"({"errorMessage":"bad settings","errorType":"std::invalid_argument","stackTrace":[]})");
}

TEST(Run, WithoutAUsableRuntimeApiItExitsWithOne) {
  EXPECT_EQ(wait_for(start("not an address", [] { return run(echo_text); })), 1);
  EXPECT_EQ(wait_for(start("",
                           [] {
                             ::unsetenv("AWS_LAMBDA_RUNTIME_API");
                             return run(echo_text);
                           })),
            1);
}

// A platform that keeps the function waiting in `next`, and says when it does.
class WaitingPlatform {
 public:
  WaitingPlatform()
      : server_([this](const HttpDouble::Request& request) {
          if (request.head.starts_with("POST /2020-01-01/extension/register ")) {
            // What asks for the extension's events stays, and the runtime's next comes elsewhere.
            registered_ = request.body;
            return HttpDouble::Reply{.bytes = HttpDouble::response(
                                         200, "Lambda-Extension-Identifier: the-id\r\n", "{}")};
          }
          if (request.head.starts_with("GET /2020-01-01/extension/event/next ")) {
            extension_waits_ =
                request.head.find("Lambda-Extension-Identifier: the-id\r\n") != std::string::npos;
            return HttpDouble::Reply{.then = HttpDouble::Then::kClose};
          }
          if (request.head.starts_with("POST")) {
            return HttpDouble::Reply{.bytes = HttpDouble::response(202, "", "{}")};
          }
          if (!served_event_ && wants_event_) {
            served_event_ = true;
            return HttpDouble::Reply{
                .bytes = HttpDouble::response(200, "Lambda-Runtime-Aws-Request-Id: id\r\n", "{}")};
          }
          const std::lock_guard lock(mutex_);
          waiting_ = true;
          changed_.notify_all();
          return HttpDouble::Reply{};  // the request is never answered
        }) {}
  void serve_one_event() { wants_event_ = true; }
  const std::string& address() const { return server_.address(); }
  // REQUIRES: the function is idle, or has ended.
  const std::string& registered() const { return registered_; }
  bool extension_waits() const { return extension_waits_; }
  void wait_until_idle() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool waiting_ = false;
  std::atomic<bool> wants_event_ = false;
  bool served_event_ = false;
  std::string registered_;  // the body of the extension's registration
  bool extension_waits_ = false;
  HttpDouble server_;  // last: its thread uses the others
};

TEST(Run, SigtermWhileIdleRunsTheHooksInReverseAndExitsWithZero) {
  KILN_NEEDS_SIGNALS();
  WaitingPlatform platform;
  int pipe_fds[2];
  ASSERT_EQ(::pipe(pipe_fds), 0);
  const pid_t child = start(platform.address(), [&] {
    on_shutdown([&] { (void)!::write(pipe_fds[1], "1", 1); });
    on_shutdown([] { throw std::runtime_error("a bad hook stops nobody"); });
    on_shutdown([&] { (void)!::write(pipe_fds[1], "2", 1); });
    return run(echo_text);
  });
  ::close(pipe_fds[1]);
  platform.wait_until_idle();
  ::kill(child, SIGTERM);
  EXPECT_EQ(wait_for(child), 0);
  char order[3] = {};
  EXPECT_EQ(::read(pipe_fds[0], order, 2), 2);
  EXPECT_STREQ(order, "21");
  // Lambda would not send SIGTERM otherwise.
  EXPECT_EQ(platform.registered(), R"({"events":[]})");
  EXPECT_TRUE(platform.extension_waits());
  ::close(pipe_fds[0]);
}

TEST(Run, SigtermWhileIdleWithoutHooksExitsWithZero) {
  KILN_NEEDS_SIGNALS();
  WaitingPlatform platform;
  const pid_t child = start(platform.address(), [] { return run(echo_text); });
  platform.wait_until_idle();
  ::kill(child, SIGTERM);
  EXPECT_EQ(wait_for(child), 0);
  EXPECT_EQ(platform.registered(), "");
}

TEST(Run, SigtermDuringAnInvocationLetsItFinishWhenThereAreHooks) {
  KILN_NEEDS_SIGNALS();
  WaitingPlatform platform;
  platform.serve_one_event();
  int pipe_fds[2];
  ASSERT_EQ(::pipe(pipe_fds), 0);
  const pid_t child = start(platform.address(), [&] {
    on_shutdown([&] { (void)!::write(pipe_fds[1], "hook", 4); });
    return run([&](std::string_view, const Context&) {
      ::kill(::getpid(), SIGTERM);
      (void)!::write(pipe_fds[1], "end ", 4);
      return std::string("{}");
    });
  });
  ::close(pipe_fds[1]);
  EXPECT_EQ(wait_for(child), 0);
  char text[9] = {};
  EXPECT_EQ(::read(pipe_fds[0], text, 8), 8);
  EXPECT_STREQ(text, "end hook");
  ::close(pipe_fds[0]);
}

TEST(Run, AProgramsOwnSigtermHandlerIsLeftAlone) {
  KILN_NEEDS_SIGNALS();
  WaitingPlatform platform;
  const pid_t child = start(platform.address(), [] {
    ::signal(SIGTERM, [](int) { ::_exit(77); });
    return run(echo_text);
  });
  platform.wait_until_idle();
  ::kill(child, SIGTERM);
  EXPECT_EQ(wait_for(child), 77);
}

}  // namespace
}  // namespace kiln
