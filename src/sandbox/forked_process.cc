#include "sandbox/forked_process.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

#include "sandbox/pidfd.h"

namespace kiln::sandbox {
namespace {

std::string status_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

bool ask_for_pids(int socket) {
  const int on = 1;
  return ::setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0;
}

bool read_word(int socket, ForkWord& out) {
  char data[4096];
  alignas(
      struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(8 * sizeof(int))];
  struct iovec part = {data, sizeof data};
  struct msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n;
  do n = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n < 0 && errno == EAGAIN) return false;
  out = {};
  for (struct cmsghdr* c = n < 0 ? nullptr : CMSG_FIRSTHDR(&message); c != nullptr;
       c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET) continue;
    if (c->cmsg_type == SCM_CREDENTIALS) {
      struct ucred who;
      std::memcpy(&who, CMSG_DATA(c), sizeof who);
      out.pid = who.pid;
      out.uid = who.uid;
    } else if (c->cmsg_type == SCM_RIGHTS) {
      // Nobody asked for them.
      const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (size_t i = 0; i < count; ++i) {
        int fd;
        std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
        ::close(fd);
      }
    }
  }
  if (n <= 0) return true;
  out.letter = data[0];
  out.text.assign(data + 1, static_cast<size_t>(n) - 1);
  return true;
}

bool give_user(const ForkWord& word, uid_t template_user, uid_t user) {
  if (word.pid <= 0 || word.uid != template_user) return false;
  // One descriptor for all, so that it is one process.
  const UniqueFd folder(
      ::open(("/proc/" + std::to_string(word.pid)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return false;
  // Inside, what was the template's has the id below "nobody".
  const std::string map = std::to_string(template_user) + " " + std::to_string(user) +
                          " 1\n65533 " + std::to_string(template_user) + " 1\n";
  for (const char* name : {"gid_map", "uid_map"}) {
    const UniqueFd file(::openat(folder.get(), name, O_WRONLY | O_CLOEXEC));
    if (!file || ::write(file.get(), map.data(), map.size()) != static_cast<ssize_t>(map.size()))
      return false;
  }
  return true;
}

int depth_of_first(const std::string& status_text) {
  const size_t at = status_text.find("\nNSpid:");
  if (at == std::string::npos) return 0;
  const size_t begin = at + 7;
  std::istringstream line(status_text.substr(begin, status_text.find('\n', begin) - begin));
  int depth = 0;
  long last = 0;
  for (long id; line >> id; last = id) ++depth;
  return last == 1 ? depth : 0;
}

UniqueFd open_first_process(const ForkWord& hello, uid_t uid, pid_t parent) {
  const pid_t pid = hello.pid;
  if (pid <= 0 || hello.uid != uid) return UniqueFd();
  UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd) return fd;
  const int depth = depth_of_first(status_of(pid)), outer = depth_of_first(status_of(parent));
  if (outer == 0 || depth != outer + 1) return UniqueFd();
  // What was read is of the process that the descriptor is of.
  return has_ended(fd, 0) ? UniqueFd() : std::move(fd);
}

}  // namespace kiln::sandbox
