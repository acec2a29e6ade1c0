#include "engine/symbol_server.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <vector>

#include "base/fence.h"
#include "base/ids.h"
#include "sandbox/launcher.h"

extern char** environ;

namespace kiln::engine {
namespace {

constexpr size_t kMostQuestion = 64 * 1024;
constexpr size_t kMostFrames = 256;
constexpr timeval kClientPatience{1, 0};
constexpr int kPause_ms = 100;
constexpr const char* kGcore = "/usr/bin/gcore";

// The whole question, up to its empty line; "" when none comes.
std::string receive_question(int client) {
  std::string text;
  std::array<char, 4096> chunk;
  while (text.size() < kMostQuestion) {
    const ssize_t n = ::recv(client, chunk.data(), chunk.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return "";
    text.append(chunk.data(), static_cast<size_t>(n));
    if (text.ends_with("\n\n")) return text;
  }
  return "";
}

void send_all(int client, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

// A regular file as the process sees it.
UniqueFd open_of(pid_t process, const std::string& path) {
  const UniqueFd root(::open(("/proc/" + std::to_string(process) + "/root").c_str(),
                             O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return {};
  struct open_how how = {};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  UniqueFd file(
      static_cast<int>(::syscall(SYS_openat2, root.get(), path.c_str(), &how, sizeof how)));
  struct stat st = {};
  if (!file || ::fstat(file.get(), &st) != 0 || !S_ISREG(st.st_mode)) return {};
  return file;
}

struct Question {
  std::string path;
  uint64_t address = 0;
};

std::vector<Question> parse_question(std::string_view text) {
  std::vector<Question> out;
  while (!text.empty() && out.size() < kMostFrames) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t tab = line.find('\t');
    if (tab == std::string_view::npos) break;
    Question one{std::string(line.substr(0, tab)), 0};
    std::from_chars(line.data() + tab + 1, line.data() + line.size(), one.address, 16);
    out.push_back(std::move(one));
  }
  return out;
}

// Without what would break the answer's form.
std::string plain(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return text;
}

std::string answer_frames(Symbolizer& symbolizer, pid_t process, std::string_view text) {
  const std::vector<Question> frames = parse_question(text);
  std::map<std::string, std::vector<size_t>> by_file;
  for (size_t i = 0; i < frames.size(); ++i) by_file[frames[i].path].push_back(i);
  std::vector<std::vector<SourcePlace>> places(frames.size());
  for (const auto& [path, indexes] : by_file) {
    const UniqueFd file = open_of(process, path);
    if (!file) continue;
    const UniqueFd beside = open_of(process, path + ".debug");
    std::vector<uint64_t> addresses;
    for (const size_t i : indexes) addresses.push_back(frames[i].address);
    auto found = symbolizer.places(file.get(), beside ? beside.get() : -1, addresses);
    for (size_t i = 0; i < indexes.size(); ++i) places[indexes[i]] = std::move(found[i]);
  }
  std::string out;
  for (size_t i = 0; i < places.size(); ++i)
    for (const SourcePlace& place : places[i])
      out += std::to_string(i) + '\t' + plain(place.mangled) + '\t' + plain(place.function) + '\t' +
             plain(place.place) + '\n';
  return out;
}

// A core file of the process, which waits for it. The kernel's own cores go where the machine's
// core_pattern says, which functions can't reach.
std::string make_core(const std::string& folder, pid_t process) {
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ec);
  if (::access(kGcore, X_OK) != 0)
    return "none, since /usr/bin/gcore is missing: install the package gdb\n";
  const std::string base = folder + "/core";
  const std::string number = std::to_string(process);
  std::vector<std::string> command = {kGcore, "-o", base, number};
  std::vector<char*> argv;
  for (auto& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t child = -1;
  const int failed = ::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return "none: gcore can't be started\n";
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const std::string path = base + "." + number;
  return std::filesystem::exists(path, ec) ? path + "\n" : "none: gcore failed\n";
}

}  // namespace

SymbolServer::SymbolServer(std::string data_dir)
    : data_dir_(std::move(data_dir)), symbolizer_(data_dir_ + "/symbols") {}

SymbolServer::~SymbolServer() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
  thread_.join();
}

Result<void> SymbolServer::start() {
  const std::string name = "kiln-symbols-" + new_hex(8);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  listener_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
  if (!listener_ || !wake_ ||
      ::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_.get(), 64) != 0)
    return Error{ErrorKind::kUnavailable, "SymbolServer",
                 std::string("no socket for symbols (") + std::strerror(errno) +
                     "): stack traces of native functions show addresses"};
  name_ = name;
  thread_ = std::thread([this] { serve(); });
  return {};
}

void SymbolServer::serve() {
  while (!stopping_) {
    std::array<struct pollfd, 2> wait{{{listener_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    if (::poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR) return;
    if (stopping_ || (wait[0].revents & POLLIN) == 0) continue;
    const UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const int why = errno;
    if (client)
      fenced("the symbol server", [&] { answer(client.get()); });
    else if (why != EINTR && why != ECONNABORTED)
      ::poll(&wait[1], 1, kPause_ms);  // too few descriptors: they wait, and this doesn't spin
  }
}

void SymbolServer::answer(int client) {
  ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &kClientPatience, sizeof kClientPatience);
  ::setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &kClientPatience, sizeof kClientPatience);
  struct ucred peer = {};
  socklen_t size = sizeof peer;
  if (::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) return;
  // Functions alone: other users of the machine can see the socket, too.
  if (peer.uid != ::geteuid() && peer.uid < kFirstUid) return;
  const std::string question = receive_question(client);
  if (question == "core\n\n")
    send_all(client, make_core(data_dir_ + "/cores", peer.pid));
  else
    send_all(client, answer_frames(symbolizer_, peer.pid, question));
}

}  // namespace kiln::engine
