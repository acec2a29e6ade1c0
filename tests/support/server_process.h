// ServerProcess: a server that a test starts, on a free port, in a temporary folder, and ends by
// its pid.
//
// Threading: one thread. Ownership: the process and the folder. If the test dies, the kernel ends
// the server (PDEATHSIG).
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace kiln::testing {

// A port of 127.0.0.1 that nobody uses now.
inline int free_port() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no free port");
  }
  return ntohs(address.sin_port);
}

// Who a server runs as: PostgreSQL refuses root, so root becomes `postgres`, or `nobody` where
// there is none.
struct Account {
  bool change = false;
  uid_t uid = 0;
  gid_t gid = 0;

  static Account unprivileged() {
    if (::geteuid() != 0) return {};
    const passwd* entry = ::getpwnam("postgres");
    if (!entry) entry = ::getpwnam("nobody");
    if (!entry) throw std::runtime_error("neither postgres nor nobody is an account here");
    return {true, entry->pw_uid, entry->pw_gid};
  }
};

class TemporaryFolder {
 public:
  explicit TemporaryFolder(const Account& owner = {}) {
    char name[] = "/tmp/kiln-test-XXXXXX";
    if (!::mkdtemp(name)) throw std::runtime_error("mkdtemp failed");
    path_ = name;
    if (owner.change && ::chown(name, owner.uid, owner.gid) != 0)
      throw std::runtime_error("chown failed");
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class ServerProcess {
 public:
  // Starts the program with its output going to `log`.
  ServerProcess(const std::vector<std::string>& command, const std::string& folder,
                const std::string& log, const Account& account, int signal_if_test_dies)
      : log_(log) {
    std::vector<char*> arguments;
    for (const std::string& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
      const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
      ::dup2(out, STDOUT_FILENO);
      ::dup2(out, STDERR_FILENO);
      if (account.change) {
        if (::setgroups(0, nullptr) != 0 || ::setgid(account.gid) != 0 ||
            ::setuid(account.uid) != 0) {
          ::_exit(126);
        }
      }
      ::prctl(PR_SET_PDEATHSIG, signal_if_test_dies);  // after setuid, which clears it
      if (::chdir(folder.c_str()) != 0) ::_exit(126);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess() { end(SIGKILL); }

  // Waits until `ready` says so. Throws with the log's end when the process ends first or 30
  // seconds pass.
  void wait_until(const std::function<bool()>& ready) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!ready()) {
      if (wait_for_end(std::chrono::milliseconds(5)))
        throw std::runtime_error("server ended: " + log());
      if (std::chrono::steady_clock::now() > give_up)
        throw std::runtime_error("not ready: " + log());
    }
  }

  // The exit code of a program that ends by itself; minus the signal when one ended it.
  int wait() {
    if (!wait_for_end(std::chrono::seconds(60))) end(SIGKILL);
    return status_;
  }

  // Sends `signal` and waits for the end; after ten seconds SIGKILL.
  void end(int signal) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    if (!wait_for_end(std::chrono::seconds(10))) {
      ::kill(pid_, SIGKILL);
      wait_for_end(std::chrono::seconds(10));
    }
  }

  std::string log() const {
    std::ifstream file(log_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  bool wait_for_end(std::chrono::milliseconds limit) {
    if (pid_ <= 0) return true;
    const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    pollfd waiting{pidfd.get(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(limit.count())) <= 0) return false;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    pid_ = -1;
    return true;
  }

  pid_t pid_ = -1;
  int status_ = 0;
  std::string log_;
};

}  // namespace kiln::testing
