#include "sandbox/launcher.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "sandbox/descriptors.h"
#include "sandbox/launcher_message.h"
#include "sandbox/pidfd.h"
#include "sandbox/sandbox_mounts.h"
#include "sandbox/sandbox_process.h"

namespace kiln::sandbox {
namespace {

constexpr const char* kCannotAsk = "cannot ask the launcher for a sandbox";

struct Hello {
  Isolation isolation;
  bool passes_mounts;
  struct stat resolv_conf;
  char resolv_conf_path[PATH_MAX];
  char warning[512];
};

struct MadeReply {
  int32_t error;
  int32_t pid;
};

Made make_what_is_asked(const Message& message, MetaReader& in, const Ground& ground) {
  Made failed;
  failed.error = EMFILE;
  BlankFds fds;
  const BlankRequest request = read_blank(in, fds);
  const size_t own = request.channel ? 4 : 3;
  if (!message.complete || message.fds.size() < own) return failed;
  fds.orders = message.fds[0].get();
  fds.log = message.fds[1].get();
  fds.status = message.fds[2].get();
  if (request.channel) fds.channel = message.fds[3].get();
  for (size_t i = own; i < message.fds.size(); ++i) fds.cgroup.push_back(message.fds[i].get());
  return make_blank(request, fds, ground);
}

// Answers have no name but their order: one that is lost would give each that follows to another's
// question.
void answer(int socket, MadeReply reply, const UniqueFd& pidfd) {
  if (pidfd) {
    if (send_message(socket, &reply, sizeof reply, {pidfd.get()})) return;
    reply = {errno, 0};
    send_signal(pidfd, SIGKILL);
  }
  if (send_message(socket, &reply, sizeof reply, {})) return;
  if (errno != EPIPE && errno != ECONNRESET) ::_exit(1);
}

void answer_make(int socket, const Message& message, MetaReader& in, const Ground& ground) {
  Made made;
  try {
    made = make_what_is_asked(message, in, ground);
  } catch (const std::exception&) {
    made.error = ENOMEM;
  }
  answer(socket, {made.error, made.pid}, UniqueFd(made.pidfd));
}

int join(const Message& message, MetaReader& in) {
  bool cgroup_v2 = false;
  const std::string pid = std::to_string(read_join(in, cgroup_v2));
  if (!message.complete || message.fds.empty()) return EMFILE;
  for (size_t i = 1; i < message.fds.size(); ++i) {
    const UniqueFd& group = message.fds[i];
    // It may have ended since it was asked for, and its pid be another's.
    struct pollfd process = {message.fds[0].get(), POLLIN, 0};
    if (::poll(&process, 1, 0) != 0) return ESRCH;
    UniqueFd procs;
    if (cgroup_v2) {
      procs = UniqueFd(::openat(group.get(), "cgroup.procs", O_WRONLY | O_CLOEXEC));
      if (!procs) return errno;
    }
    const int fd = procs ? procs.get() : group.get();
    if (::write(fd, pid.data(), pid.size()) != static_cast<ssize_t>(pid.size())) return errno;
  }
  return 0;
}

void answer_join(int socket, const Message& message, MetaReader& in) {
  answer(socket, {join(message, in), 0}, UniqueFd());
}

// False: errno says why. A blank that is gone hears nothing; its pidfd tells the engine.
bool send_order(int orders, const OrderHead& head, const std::string& order, int control,
                const std::vector<UniqueFd>& mounts) {
  std::vector<int> fds;
  if (control >= 0) fds.push_back(control);
  for (const UniqueFd& fd : mounts) fds.push_back(fd.get());
  const std::string text = encode(head) + order;
  return send_message(orders, text.data(), text.size(), fds) || errno == EPIPE ||
         errno == ECONNRESET;
}

void pass_on(const Message& message, MetaReader& in, const Ground& ground) {
  if (message.fds.empty()) return;
  bool control = false;
  const StartOrder order = read_order(in, control);
  std::vector<UniqueFd> mounts;
  OrderHead head;
  if (message.complete && message.fds.size() == (control ? 2U : 1U))
    head = open_mounts(order, ground.host, mounts);
  else
    head = {EMFILE, "taking its descriptors", {}};
  const int orders = message.fds[0].get();
  if (send_order(orders, head, message.data,
                 control && message.fds.size() > 1 ? message.fds[1].get() : -1, mounts))
    return;
  send_order(orders, {errno, "passing its order on", {}}, message.data, -1, {});
}

void handle(int socket, const Message& message, const Ground& ground) {
  MetaReader in(message.data);
  switch (read_kind(in)) {
    case MessageKind::kMake:
      return answer_make(socket, message, in, ground);
    case MessageKind::kStart:
      return pass_on(message, in, ground);
    case MessageKind::kJoin:
      return answer_join(socket, message, in);
  }
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
  hello.passes_mounts = ground.host.passes_mounts;
  hello.resolv_conf = ground.host.resolv_conf.seen;
  ground.host.resolv_conf.path.copy(hello.resolv_conf_path, sizeof hello.resolv_conf_path - 1);
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
        handle(p.fd, message, ground);
      } else if (errno != EAGAIN) {
        p.fd = -1;
        --open;
      }
    }
  }
  ::_exit(0);
}

Error launcher_ended() {
  return {ErrorKind::kInternal, "LauncherError", "the launcher process has ended; restart Kiln"};
}

Error cannot_ask() { return machine_error("LauncherError", kCannotAsk, errno); }

Error cannot_start(const char* step) {
  return machine_error("LauncherError", std::string("can't start the launcher: ") + step, errno);
}

}  // namespace

Result<std::unique_ptr<LauncherProcess>> LauncherProcess::start(const LauncherOptions& options) {
  auto launcher = std::unique_ptr<LauncherProcess>(new LauncherProcess(options.runtimes_dir));
  std::vector<UniqueFd> theirs;
  for (int i = 0; i < options.loops; ++i) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
      return cannot_start("socketpair");
    launcher->sockets_.emplace_back(pair[0]);
    theirs.emplace_back(pair[1]);
  }
  const pid_t pid = ::fork();
  if (pid < 0) return cannot_start("fork");
  if (pid == 0) {
    launcher->sockets_.clear();
    launcher_main(std::move(theirs), options);
  }
  launcher->pid_ = pid;
  return launcher;
}

Result<void> LauncherProcess::get_ready() {
  Message message;
  if (!receive_message(sockets_[0].get(), 0, message) || message.data.size() != sizeof(Hello))
    return cannot_start("no answer");
  Hello hello;
  std::memcpy(&hello, message.data.data(), sizeof hello);
  isolation_ = hello.isolation;
  warning_ = hello.warning;
  // In a user namespace the launcher has the right to mount, and this process has not.
  const bool may_mount =
      isolation_ == Isolation::kFull && static_cast<bool>(open_mount(runtimes_dir_));
  if (may_mount || !hello.passes_mounts)
    host_ = {{}, {hello.resolv_conf_path, hello.resolv_conf}, hello.passes_mounts};
  return {};
}

LauncherProcess::~LauncherProcess() = default;

LauncherClient::LauncherClient(LauncherLine line, net::IoLoop& loop)
    : loop_(loop),
      socket_(std::move(line.socket)),
      host_(std::move(line.host)),
      watch_(loop, socket_.get(), [this] { receive(); }) {}

LauncherClient::~LauncherClient() { *alive_ = false; }

void LauncherClient::make(const BlankRequest& request, const BlankFds& fds, Done done) {
  std::vector<int> sent = {fds.orders, fds.log, fds.status};
  if (request.channel) sent.push_back(fds.channel);
  sent.insert(sent.end(), fds.cgroup.begin(), fds.cgroup.end());
  if (auto asked = ask(encode(request, fds), sent); !asked) {
    loop_.post([done = std::move(done), error = asked.error()] { done(error); });
    return;
  }
  pending_.push_back({std::move(done), nullptr});
}

void LauncherClient::join(int pidfd, pid_t pid, const std::vector<int>& cgroup, bool cgroup_v2,
                          std::function<void(Result<void>)> done) {
  std::vector<int> sent = {pidfd};
  sent.insert(sent.end(), cgroup.begin(), cgroup.end());
  if (auto asked = ask(encode_join(pid, cgroup_v2), sent); !asked) {
    loop_.post([done = std::move(done), error = asked.error()] { done(error); });
    return;
  }
  pending_.push_back({nullptr, std::move(done)});
}

Result<void> LauncherClient::start(const StartOrder& order, int orders, int control) {
  const std::string message = encode(order, control >= 0);
  if (message.size() > kMaxMessage)
    return Error{ErrorKind::kInvalid, "LauncherError",
                 std::string(kCannotAsk) + ": its environment is too large"};
  if (host_) {
    std::vector<UniqueFd> mounts;
    const OrderHead head = open_mounts(order, *host_, mounts);
    // The launcher has descriptors of its own.
    if (head.error != EMFILE && head.error != ENFILE) {
      if (send_order(orders, head, message, control, mounts)) return {};
      return cannot_ask();
    }
  }
  std::vector<int> sent = {orders};
  if (control >= 0) sent.push_back(control);
  return ask(message, sent);
}

Result<void> LauncherClient::ask(const std::string& message, const std::vector<int>& fds) {
  while (!send_message(socket_.get(), message.data(), message.size(), fds, MSG_DONTWAIT)) {
    if (errno == EPIPE || errno == ECONNRESET) return launcher_ended();
    if (errno != EAGAIN) return cannot_ask();
    wait_for_room();
  }
  return {};
}

// A launcher whose answers nobody reads would read no more questions.
void LauncherClient::wait_for_room() {
  struct pollfd room = {socket_.get(), POLLIN | POLLOUT, 0};
  ::poll(&room, 1, -1);
  const bool posted = !replies_.empty();
  read_replies();
  if (posted || replies_.empty()) return;
  loop_.post([this, alive = alive_] {
    if (*alive) receive();
  });
}

bool LauncherClient::read_replies() {
  Message reply;
  for (; receive_message(socket_.get(), MSG_DONTWAIT, reply); reply = {})
    replies_.push_back(std::move(reply));
  return errno == EAGAIN;
}

void LauncherClient::receive() {
  const bool ended = !read_replies();
  const auto alive = alive_;
  while (*alive && !replies_.empty()) {
    Message reply = std::move(replies_.front());
    replies_.pop_front();
    take_reply(std::move(reply));
  }
  if (*alive && ended) fail_all(launcher_ended());
}

void LauncherClient::take_reply(Message&& message) {
  if (message.data.size() != sizeof(MadeReply) || pending_.empty()) return;
  MadeReply reply;
  std::memcpy(&reply, message.data.data(), sizeof reply);
  Pending pending = std::move(pending_.front());
  pending_.pop_front();
  if (reply.error == 0 && pending.joined)
    pending.joined({});
  else if (reply.error == 0 && !message.fds.empty())
    pending.made(Made{std::move(message.fds[0]), reply.pid});
  else
    // Without an error the descriptor was lost on the way to this process.
    fail(std::move(pending), machine_error("LauncherError", "cannot create a sandbox",
                                           reply.error != 0 ? reply.error : EMFILE));
}

void LauncherClient::fail_all(const Error& why) {
  while (!pending_.empty()) {
    Pending pending = std::move(pending_.front());
    pending_.pop_front();
    fail(std::move(pending), why);
  }
}

void LauncherClient::fail(Pending&& pending, const Error& why) {
  if (pending.joined) return pending.joined(why);
  pending.made(why);
}

}  // namespace kiln::sandbox
