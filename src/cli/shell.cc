#include "cli/shell.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/ascii.h"
#include "base/unique_fd.h"

extern char** environ;

namespace kiln::cli {
namespace {

Error failed(const std::string& command, const std::string& why) {
  return {ErrorKind::kInvalid, "CommandFailed", "the command `" + command + "` " + why};
}

// Writes `input` and reads until the other end is closed, both at once: either may be larger than a
// pipe.
std::string exchange(int fd, const std::string& input) {
  std::string output;
  size_t sent = 0;
  bool writing = true;
  std::array<char, 65'536> buffer{};
  while (true) {
    if (writing && sent == input.size()) {
      shutdown(fd, SHUT_WR);
      writing = false;
    }
    pollfd wait{fd, static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN), 0};
    if (poll(&wait, 1, -1) < 0 && errno != EINTR) return output;
    if (writing && (wait.revents & POLLOUT) != 0) {
      const ssize_t n =
          send(fd, input.data() + sent, input.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n > 0) sent += static_cast<size_t>(n);
      if (n < 0 && errno != EAGAIN) sent = input.size();  // it doesn't read: that is its right
    }
    if ((wait.revents & (POLLIN | POLLHUP)) != 0) {
      const ssize_t n = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return output;
      if (n > 0) output.append(buffer.data(), static_cast<size_t>(n));
    }
  }
}

}  // namespace

Result<std::string> run_shell(const std::string& command, const std::string& input) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return failed(command, std::string("can't be run: ") + std::strerror(errno));
  UniqueFd ours(ends[0]), theirs(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::string shell = "/bin/sh", option = "-c", line = command;
  std::array<char*, 4> arguments = {shell.data(), option.data(), line.data(), nullptr};
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, shell.c_str(), &actions, &attributes, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  theirs = UniqueFd();
  if (error != 0) return failed(command, std::string("can't be run: ") + std::strerror(error));
  std::string output = exchange(ours.get(), input);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return output;
  if (WIFEXITED(status))
    return failed(command, "ended with exit code " + std::to_string(WEXITSTATUS(status)));
  return failed(command, "was ended by signal " + std::to_string(WTERMSIG(status)));
}

std::string shell_word(const std::string& text) {
  const auto is_plain = [](char c) {
    return ascii::is_alnum(c) || std::string_view("_-./:@%+=,").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace kiln::cli
