#include "sandbox/launcher.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/channel_frame.h"
#include "sandbox/sandbox_process.h"

namespace kiln::sandbox {
namespace {

constexpr size_t kMaxMessage = 128 * 1024;
constexpr size_t kMaxFds = 8;

struct Hello {
  Isolation isolation;
  char warning[512];
};

struct SpawnReply {
  int32_t error;
  int32_t pid;
};

struct Message {
  std::string data;
  std::vector<UniqueFd> fds;
};

// False: the peer has gone, or an error that means the same.
bool receive_message(int socket, int flags, Message& out) {
  static thread_local std::array<char, kMaxMessage> buffer;
  struct iovec part = {buffer.data(), buffer.size()};
  alignas(struct cmsghdr) char control[CMSG_SPACE(kMaxFds * sizeof(int))];
  struct msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  ssize_t n;
  do n = ::recvmsg(socket, &header, flags | MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n == 0) errno = 0;
  if (n <= 0) return false;
  out.data.assign(buffer.data(), static_cast<size_t>(n));
  for (struct cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
      out.fds.emplace_back(fd);
    }
  }
  return true;
}

bool send_message(int socket, const void* data, size_t size, const std::vector<int>& fds) {
  struct iovec part = {const_cast<void*>(data), size};
  alignas(struct cmsghdr) char control[CMSG_SPACE(kMaxFds * sizeof(int))] = {};
  struct msghdr header = {};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!fds.empty()) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
    struct cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
    std::memcpy(CMSG_DATA(c), fds.data(), fds.size() * sizeof(int));
  }
  ssize_t n;
  do n = ::sendmsg(socket, &header, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n == static_cast<ssize_t>(size);
}

void write_list(MetaWriter& out, const std::vector<std::string>& list) {
  out.add(std::to_string(list.size()));
  for (const auto& item : list) out.add(item);
}

// The launcher trusts the engine, which made the message: a malformed one is a bug.
std::string_view need(MetaReader& in) {
  const auto value = in.next();
  KILN_CHECK(value.has_value());
  return *value;
}

int64_t need_number(MetaReader& in) {
  return std::strtoll(std::string(need(in)).c_str(), nullptr, 10);
}

std::vector<std::string> read_list(MetaReader& in) {
  std::vector<std::string> out;
  for (int64_t n = need_number(in); n > 0; --n) out.emplace_back(need(in));
  return out;
}

std::string encode(const SpawnRequest& request, const SpawnFds& fds) {
  std::string out;
  MetaWriter writer(out);
  writer.add(request.task_dir)
      .add(request.layers_dir)
      .add(std::to_string(request.tmp_bytes))
      .add(std::to_string(request.data_limit_bytes))
      .add(std::to_string(request.slot))
      .add(fds.channel >= 0 ? "1" : "0")
      .add(fds.cgroup_v2 ? "1" : "0");
  write_list(writer, request.argv);
  write_list(writer, request.env);
  return out;
}

void handle(int socket, const Message& message, Isolation isolation) {
  MetaReader in(message.data);
  SpawnRequest request;
  request.task_dir = need(in);
  request.layers_dir = need(in);
  request.tmp_bytes = need_number(in);
  request.data_limit_bytes = need_number(in);
  request.slot = static_cast<uint32_t>(need_number(in));
  const bool channel = need(in) == "1";
  SandboxFds fds{message.fds.at(0).get(), message.fds.at(1).get(), -1, {}, need(in) == "1"};
  size_t next = 2;
  if (channel) fds.channel = message.fds.at(next++).get();
  while (next < message.fds.size()) fds.cgroup.push_back(message.fds[next++].get());
  request.argv = read_list(in);
  request.env = read_list(in);
  const Started started = start_sandbox(request, fds, isolation);
  UniqueFd pidfd(started.pidfd);
  const SpawnReply reply{started.error, started.pid};
  send_message(socket, &reply, sizeof reply,
               pidfd ? std::vector<int>{pidfd.get()} : std::vector<int>{});
}

[[noreturn]] void launcher_main(std::vector<UniqueFd> sockets, const LauncherOptions& options) {
  ::prctl(PR_SET_NAME, "kiln-launcher", 0, 0, 0);
  // A terminal's Ctrl-C reaches the whole process group; the engine decides what it means. Children
  // are reaped by the kernel: their ends are seen through pidfds.
  for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD}) ::signal(s, SIG_IGN);
  Ground ground = prepare_ground(options);
  Hello hello = {};
  hello.isolation = ground.isolation;
  ground.warning.copy(hello.warning, sizeof hello.warning - 1);
  if (!send_message(sockets[0].get(), &hello, sizeof hello, {})) ::_exit(1);

  std::vector<struct pollfd> polls;
  for (const auto& s : sockets) polls.push_back({s.get(), POLLIN, 0});
  size_t open = polls.size();
  while (open > 0) {
    if (::poll(polls.data(), polls.size(), -1) < 0 && errno != EINTR) ::_exit(1);
    for (auto& p : polls) {
      if (p.fd < 0 || p.revents == 0) continue;
      Message message;
      if (receive_message(p.fd, MSG_DONTWAIT, message)) {
        handle(p.fd, message, ground.isolation);
      } else if (errno != EAGAIN) {
        p.fd = -1;
        --open;
      }
    }
  }
  ::_exit(0);
}

}  // namespace

Result<std::unique_ptr<LauncherProcess>> LauncherProcess::start(const LauncherOptions& options) {
  auto launcher = std::unique_ptr<LauncherProcess>(new LauncherProcess);
  std::vector<UniqueFd> theirs;
  const auto failed = [](const char* step) {
    return Error{ErrorKind::kUnavailable, "LauncherError",
                 std::string("cannot start the launcher: ") + step + ": " + std::strerror(errno)};
  };
  for (int i = 0; i < options.loops; ++i) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
      return failed("socketpair");
    launcher->sockets_.emplace_back(pair[0]);
    theirs.emplace_back(pair[1]);
  }
  const pid_t pid = ::fork();
  if (pid < 0) return failed("fork");
  if (pid == 0) {
    launcher->sockets_.clear();
    launcher_main(std::move(theirs), options);
  }
  theirs.clear();
  Message message;
  if (!receive_message(launcher->sockets_[0].get(), 0, message) ||
      message.data.size() != sizeof(Hello))
    return failed("no answer");
  Hello hello;
  std::memcpy(&hello, message.data.data(), sizeof hello);
  launcher->isolation_ = hello.isolation;
  launcher->warning_ = hello.warning;
  return launcher;
}

LauncherProcess::~LauncherProcess() = default;

LauncherClient::LauncherClient(UniqueFd socket, net::IoLoop& loop)
    : loop_(loop), socket_(loop.executor(), socket.release()) {
  wait();
}

void LauncherClient::spawn(const SpawnRequest& request, const SpawnFds& fds, Done done) {
  std::vector<int> sent = {fds.log, fds.status};
  if (fds.channel >= 0) sent.push_back(fds.channel);
  sent.insert(sent.end(), fds.cgroup.begin(), fds.cgroup.end());
  const std::string message = encode(request, fds);
  if (message.size() > kMaxMessage ||
      !send_message(socket_.native_handle(), message.data(), message.size(), sent)) {
    const std::string why =
        message.size() > kMaxMessage ? "its environment is too large" : std::strerror(errno);
    loop_.post([done = std::move(done), why] {
      done(Error{ErrorKind::kUnavailable, "LauncherError",
                 "cannot ask the launcher for a sandbox: " + why});
    });
    return;
  }
  pending_.push_back(std::move(done));
}

void LauncherClient::wait() {
  socket_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                     [this](boost::system::error_code ec) {
                       if (!ec) receive();
                     });
}

void LauncherClient::receive() {
  Message message;
  while (receive_message(socket_.native_handle(), MSG_DONTWAIT, message)) {
    if (message.data.size() != sizeof(SpawnReply) || pending_.empty()) continue;
    SpawnReply reply;
    std::memcpy(&reply, message.data.data(), sizeof reply);
    Done done = std::move(pending_.front());
    pending_.pop_front();
    if (reply.error != 0 || message.fds.empty())
      done(Error{ErrorKind::kUnavailable, "LauncherError",
                 std::string("cannot create a sandbox: ") + std::strerror(reply.error)});
    else
      done(Spawned{std::move(message.fds[0]), reply.pid});
    message = {};
  }
  if (errno == EAGAIN) return wait();
  fail_all("the launcher process has ended; restart Kiln");
}

void LauncherClient::fail_all(const std::string& why) {
  while (!pending_.empty()) {
    Done done = std::move(pending_.front());
    pending_.pop_front();
    done(Error{ErrorKind::kUnavailable, "LauncherError", why});
  }
}

}  // namespace kiln::sandbox
