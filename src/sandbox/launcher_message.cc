#include "sandbox/launcher_message.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/check.h"

namespace kiln::sandbox {
namespace {

constexpr size_t kMaxFds = 8;
// What stands before a start that comes to a blank.
constexpr size_t kHead = 4096;

void write_list(MetaWriter& out, const std::vector<std::string>& list) {
  out.add(std::to_string(list.size()));
  for (const auto& item : list) out.add(item);
}

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

}  // namespace

bool receive_message(int socket, int flags, Message& out) {
  // On the stack: every thread would have to clear a thread's own buffer when it starts.
  std::array<char, kMaxMessage + kHead> buffer;
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
  out.complete = (header.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) == 0;
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

bool send_message(int socket, const void* data, size_t size, const std::vector<int>& fds,
                  int flags) {
  KILN_CHECK(fds.size() <= kMaxFds);
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
  do n = ::sendmsg(socket, &header, flags | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n == static_cast<ssize_t>(size);
}

std::string encode(const BlankRequest& request, const BlankFds& fds) {
  std::string out;
  MetaWriter writer(out);
  writer.add("make")
      .add(std::to_string(request.slot))
      .add(request.lang_dir)
      .add(fds.cgroup_v2 ? "1" : "0")
      .add(request.channel ? "1" : "0")
      .add(std::to_string(fds.number));
  write_list(writer, request.argv);
  write_list(writer, request.env);
  return out;
}

std::string encode(const StartOrder& order, bool control) {
  std::string out;
  MetaWriter writer(out);
  writer.add("start")
      .add(order.task_dir)
      .add(order.layers_dir)
      .add(order.lang_dir)
      .add(std::to_string(order.tmp_bytes))
      .add(std::to_string(order.data_limit_bytes))
      .add(order.channel ? "1" : "0")
      .add(control ? "1" : "0")
      .add(order.role == StartOrder::Role::kTemplate ? "template" : "function");
  write_list(writer, order.argv);
  write_list(writer, order.env);
  write_list(writer, order.extensions);
  write_list(writer, order.extension_env);
  return out;
}

std::string encode_join(pid_t pid, bool cgroup_v2) {
  std::string out;
  MetaWriter(out).add("join").add(std::to_string(pid)).add(cgroup_v2 ? "1" : "0");
  return out;
}

MessageKind read_kind(MetaReader& in) {
  const std::string_view kind = need(in);
  return kind == "make"   ? MessageKind::kMake
         : kind == "join" ? MessageKind::kJoin
                          : MessageKind::kStart;
}

pid_t read_join(MetaReader& in, bool& cgroup_v2) {
  const auto pid = static_cast<pid_t>(need_number(in));
  cgroup_v2 = need(in) == "1";
  return pid;
}

BlankRequest read_blank(MetaReader& in, BlankFds& fds) {
  BlankRequest request;
  request.slot = static_cast<uint32_t>(need_number(in));
  request.lang_dir = need(in);
  fds.cgroup_v2 = need(in) == "1";
  request.channel = need(in) == "1";
  fds.number = static_cast<uint64_t>(need_number(in));
  request.argv = read_list(in);
  request.env = read_list(in);
  return request;
}

StartOrder read_order(MetaReader& in, bool& control) {
  StartOrder order;
  order.task_dir = need(in);
  order.layers_dir = need(in);
  order.lang_dir = need(in);
  order.tmp_bytes = need_number(in);
  order.data_limit_bytes = need_number(in);
  order.channel = need(in) == "1";
  control = need(in) == "1";
  if (need(in) == "template") order.role = StartOrder::Role::kTemplate;
  order.argv = read_list(in);
  order.env = read_list(in);
  order.extensions = read_list(in);
  order.extension_env = read_list(in);
  return order;
}

std::string encode(const OrderHead& head) {
  std::string out;
  MetaWriter writer(out);
  writer.add(std::to_string(head.error));
  writer.add(head.failed_step);
  write_list(writer, head.targets);
  return out;
}

OrderHead read_order_behind_head(const Message& message, StartOrder& order, bool& control) {
  MetaReader in(message.data);
  OrderHead head;
  head.error = static_cast<int>(need_number(in));
  head.failed_step = need(in);
  head.targets = read_list(in);
  read_kind(in);
  order = read_order(in, control);
  return head;
}

void send_status(const BlankFds& fds, const ExitStatus& status, std::string_view step) {
  uint64_t number = fds.number;
  ExitStatus head = status;
  struct iovec parts[] = {{&number, sizeof number},
                          {&head, sizeof head},
                          {const_cast<char*>(step.data()), std::min(step.size(), kMaxStep)}};
  // It waits where many speak at once, and is woken by signals.
  long n;
  do n = ::syscall(SYS_writev, fds.status, parts, 3);
  while (n < 0 && errno == EINTR);
}

bool take_number(std::string_view& text, uint64_t& number) {
  if (text.size() < sizeof number) return false;
  std::memcpy(&number, text.data(), sizeof number);
  text.remove_prefix(sizeof number);
  return true;
}

std::optional<ExitStatus> read_status(std::string_view text, std::string& failed_at) {
  ExitStatus status;
  if (text.size() < sizeof status) return std::nullopt;
  std::memcpy(&status, text.data(), sizeof status);
  const std::string step(text.substr(sizeof status));
  using Kind = ExitStatus::Kind;
  if (status.kind == Kind::kSetupFailed)
    failed_at = "sandbox set-up: " + step + ": ";
  else if (status.kind == Kind::kNoProgram || status.kind == Kind::kExecFailed)
    failed_at = "exec: ";
  else if (status.kind == Kind::kExtensionFailed)
    failed_at = step;  // its path
  return status;
}

}  // namespace kiln::sandbox
