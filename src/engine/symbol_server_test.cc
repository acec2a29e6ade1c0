#include "engine/symbol_server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/test_dir.h"

namespace kiln::engine {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;

// A question that is answered without a look into a program: the folder of cores is full.
constexpr std::string_view kQuestion = "core\n\n";

class SymbolServerTest : public testing::Test {
 protected:
  SymbolServerTest() {
    std::filesystem::create_directories(dir_ / "cores");
    for (size_t n = 0; n < CoreFile::kMost; ++n)
      std::ofstream(dir_ / ("cores/core." + std::to_string(n)));
    limits_.question = limits_.answer = 1h;
  }
  void start() {
    server_ = std::make_unique<SymbolServer>(dir_.path(), limits_);
    ASSERT_TRUE(server_->start());
  }
  UniqueFd connect() const {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const std::string& name = server_->name();
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    return fd;
  }
  static bool send(const UniqueFd& fd, std::string_view text) {
    return ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  // Until each other thread has done all that it was woken for: a thread that was woken is seen as
  // running from then on.
  static void until_others_sleep() {
    namespace fs = std::filesystem;
    const auto works = [](const fs::directory_entry& thread) {
      std::string stat;
      std::getline(std::ifstream(thread.path() / "stat"), stat);
      const size_t name_end = stat.rfind(')');  // the state follows the name
      return name_end != std::string::npos && stat.substr(name_end + 2, 1) != "S";
    };
    const std::string own = std::to_string(::gettid());
    for (bool some = true; some;) {
      some = false;
      for (const fs::directory_entry& thread : fs::directory_iterator("/proc/self/task"))
        some = some || (thread.path().filename() != own && works(thread));
      ::sched_yield();
    }
  }
  // Up to the end of the connection.
  static std::string receive(const UniqueFd& fd) {
    std::string out;
    char chunk[4096];
    ssize_t n;
    while ((n = ::recv(fd.get(), chunk, sizeof chunk, 0)) > 0)
      out.append(chunk, static_cast<size_t>(n));
    return out;
  }
  static bool is_answer(const std::string& text) { return text.starts_with("none: "); }

  const TestDir dir_;
  SymbolServer::Limits limits_;
  std::unique_ptr<SymbolServer> server_;
};

TEST_F(SymbolServerTest, WhoAsksSlowlyHoldsNobodyUp) {
  start();
  const UniqueFd slow = connect();
  ASSERT_TRUE(send(slow, "co"));
  for (int n = 0; n < 3; ++n) {
    const UniqueFd other = connect();
    ASSERT_TRUE(send(other, kQuestion));
    EXPECT_TRUE(is_answer(receive(other)));
  }
  // It is in time.
  ASSERT_TRUE(send(slow, kQuestion.substr(2)));
  EXPECT_TRUE(is_answer(receive(slow)));
}

TEST_F(SymbolServerTest, WhoConnectsWithoutEndHoldsNobodyUp) {
  limits_.clients_of_one = 1;
  start();
  const pid_t crowd = ::fork();
  if (crowd == 0) {
    const UniqueFd held = connect();
    for (;;) connect();
  }
  for (int n = 0; n < 20; ++n) {
    const UniqueFd other = connect();
    ASSERT_TRUE(send(other, kQuestion));
    EXPECT_TRUE(is_answer(receive(other)));
  }
  server_.reset();
  ::kill(crowd, SIGKILL);
  EXPECT_EQ(::waitpid(crowd, nullptr, 0), crowd);
}

TEST_F(SymbolServerTest, AWholeQuestionHasOneTime) {
  limits_.question = 50ms;
  start();
  const UniqueFd drips = connect();
  // Each byte comes soon after the last, and the end never.
  while (send(drips, "x")) ::usleep(1000);
  EXPECT_EQ(receive(drips), "");
}

TEST_F(SymbolServerTest, AQuestionHasASize) {
  start();
  const UniqueFd fits = connect();
  ASSERT_TRUE(send(fits, std::string(64 * 1024 - 3, 'x') + "\n\n"));
  EXPECT_EQ(receive(fits), "");
  const UniqueFd endless = connect();
  while (send(endless, std::string(4096, 'x'))) {
  }
  EXPECT_TRUE(errno == EPIPE || errno == ECONNRESET);
}

TEST_F(SymbolServerTest, OneFunctionHasAFewClients) {
  limits_.clients_of_one = 2;
  start();
  const UniqueFd first = connect(), second = connect(), third = connect();
  EXPECT_EQ(receive(third), "");
  for (const UniqueFd* each : {&first, &second}) {
    ASSERT_TRUE(send(*each, kQuestion));
    EXPECT_TRUE(is_answer(receive(*each)));
  }
  const UniqueFd later = connect();
  ASSERT_TRUE(send(later, kQuestion));
  EXPECT_TRUE(is_answer(receive(later)));
}

TEST_F(SymbolServerTest, WhoFindsNoRoomWaitsForIt) {
  limits_.clients = 2;
  start();
  UniqueFd first = connect();
  const UniqueFd second = connect(), third = connect();
  ASSERT_TRUE(send(second, "co"));
  ASSERT_TRUE(send(third, kQuestion));
  until_others_sleep();
  pollfd answer{third.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&answer, 1, 0), 0) << "the third is here, too";
  first.reset();
  EXPECT_TRUE(is_answer(receive(third)));
  ASSERT_TRUE(send(second, kQuestion.substr(2)));
  EXPECT_TRUE(is_answer(receive(second)));
}

TEST_F(SymbolServerTest, AnEndWaitsForNobody) {
  start();
  const UniqueFd asks = connect();
  ASSERT_TRUE(send(asks, "co"));
  server_.reset();
  EXPECT_EQ(receive(asks), "");
}

TEST_F(SymbolServerTest, CoresDontFillTheDisk) {
  start();
  const UniqueFd one = connect();
  ASSERT_TRUE(send(one, kQuestion));
  const std::string said = receive(one);
  if (::access("/usr/bin/gcore", X_OK) == 0)
    EXPECT_EQ(said, "none: " + dir_.path() + "/cores has 32 files already: remove some\n");
  else
    EXPECT_NE(said.find("install the package gdb"), std::string::npos) << said;
}

}  // namespace
}  // namespace kiln::engine
