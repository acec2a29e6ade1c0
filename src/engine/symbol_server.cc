#include "engine/symbol_server.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "base/fence.h"
#include "base/ids.h"
#include "base/user_ids.h"

namespace kiln::engine {
namespace {

constexpr size_t kMostQuestion = 64 * 1024;
constexpr size_t kMostFrames = 256;
constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::seconds kRemembered{30};
constexpr std::string_view kCoreQuestion = "core\n\n";

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

// For poll(): rounded up, so that what is due then is due.
int wait_ms(SteadyTime until) {
  if (until == SteadyTime::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_now());
  return static_cast<int>(std::clamp<int64_t>(left.count(), 0, 3'600'000));
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

std::string answer_frames(Symbolizer& symbolizer, pid_t process, std::string_view text,
                          const Symbolizer::Patience& patience) {
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
    auto found = symbolizer.places(file.get(), beside ? beside.get() : -1, addresses, patience);
    for (size_t i = 0; i < indexes.size(); ++i) places[indexes[i]] = std::move(found[i]);
  }
  std::string out;
  for (size_t i = 0; i < places.size(); ++i)
    for (const SourcePlace& place : places[i])
      out += std::to_string(i) + '\t' + plain(place.mangled) + '\t' + plain(place.function) + '\t' +
             plain(place.place) + '\n';
  return out;
}

}  // namespace

struct SymbolServer::Client {
  enum class State { kAsks, kWaits, kHasCore, kTakes, kGone };

  UniqueFd socket;
  pid_t process = -1;
  uint64_t asker = 0;  // the function's user; where all have the same, its process
  SteadyTime until{};  // of this state; max(): it waits for others
  State state = State::kAsks;
  std::string text;  // the question; then what is left of the answer

  short events() const {
    if (state == State::kAsks) return POLLIN;
    return state == State::kTakes ? POLLOUT : 0;  // the end of the connection comes without asking
  }
};

SymbolServer::SymbolServer(std::string data_dir, const Limits& limits)
    : data_dir_(std::move(data_dir)), limits_(limits), symbolizer_(data_dir_ + "/symbols") {}

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
  listener_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
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
    if (fenced("the symbol server", [this] { turn(); })) continue;
    // Memory is missing: whoever asks goes on without symbols.
    core_.reset();
    core_for_ = nullptr;
    clients_.clear();
    pollfd wake = {wake_.get(), POLLIN, 0};
    ::poll(&wake, 1, static_cast<int>(kPause.count()));
  }
  core_.reset();
}

void SymbolServer::turn() {
  const SteadyTime now = steady_now();
  SteadyTime next = drop_late(now);
  const bool full = clients_.size() >= limits_.clients;
  if (!full && accept_at_ > now) next = std::min(next, accept_at_);
  const bool asked = std::any_of(clients_.begin(), clients_.end(), [this](const Client& each) {
    return each.state == Client::State::kWaits && !(core_ && each.text == kCoreQuestion);
  });
  std::vector<pollfd> wait = {{wake_.get(), POLLIN, 0},
                              {full || accept_at_ > now ? -1 : listener_.get(), POLLIN, 0},
                              {core_ ? core_->ended_fd() : -1, POLLIN, 0}};
  for (const Client& each : clients_) wait.push_back({each.socket.get(), each.events(), 0});
  if (::poll(wait.data(), wait.size(), asked ? 0 : wait_ms(next)) < 0) {
    if (errno != EINTR) ::poll(wait.data(), 1, static_cast<int>(kPause.count()));
    return;
  }
  if (stopping_) return;
  auto seen = wait.begin() + 3;
  for (Client& each : clients_) {
    const short revents = (seen++)->revents;
    if (revents == 0) continue;
    if (each.state == Client::State::kAsks)
      hear(each);
    else if ((revents & (POLLHUP | POLLERR)) != 0)
      each.state = Client::State::kGone;
    else
      send(each);
  }
  if (core_ && (wait[2].revents != 0 || core_for_->state == Client::State::kGone)) follow_core();
  if (wait[1].revents != 0) take_clients();
  answer_one();
}

SteadyTime SymbolServer::drop_late(SteadyTime now) {
  SteadyTime next = SteadyTime::max();
  for (Client& each : clients_) {
    if (each.until <= now) {
      // Its last bytes may have come while another was answered.
      if (each.state == Client::State::kAsks) hear(each);
      if (each.state == Client::State::kHasCore) follow_core();
      if (each.until <= now) each.state = Client::State::kGone;
    }
    if (each.state != Client::State::kGone) next = std::min(next, each.until);
  }
  if (core_ && core_for_->state == Client::State::kGone) follow_core();
  clients_.remove_if([](const Client& each) { return each.state == Client::State::kGone; });
  std::erase_if(answered_, [now](const auto& entry) { return entry.second + kRemembered < now; });
  return next;
}

// A bounded turn: who connects without end must not hold up those that are here.
void SymbolServer::take_clients() {
  for (size_t turn = 0; turn < limits_.clients && clients_.size() < limits_.clients; ++turn) {
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      // Too few descriptors: they wait, and this doesn't spin.
      if (errno != EAGAIN) accept_at_ = steady_now() + kPause;
      return;
    }
    struct ucred peer = {};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0)
      continue;
    // Functions alone: other users of the machine can see the socket, too.
    if (peer.uid != ::geteuid() && peer.uid < kFirstUid) continue;
    Client client;
    client.socket = std::move(socket);
    client.process = peer.pid;
    client.asker =
        peer.uid >= kFirstUid ? uint64_t{peer.uid} << 32 : static_cast<uint64_t>(peer.pid);
    client.until = steady_now() + limits_.question;
    const auto has = std::count_if(clients_.begin(), clients_.end(),
                                   [&](const Client& each) { return each.asker == client.asker; });
    if (static_cast<size_t>(has) < limits_.clients_of_one) clients_.push_back(std::move(client));
  }
}

void SymbolServer::hear(Client& client) {
  std::array<char, 4096> chunk;
  for (;;) {
    const ssize_t n = ::recv(client.socket.get(), chunk.data(), chunk.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n > 0) client.text.append(chunk.data(), static_cast<size_t>(n));
    if (n > 0 && client.text.ends_with("\n\n")) {
      client.state = Client::State::kWaits;
      client.until = SteadyTime::max();
      return;
    }
    if (n <= 0 || client.text.size() >= kMostQuestion) {
      client.state = Client::State::kGone;
      return;
    }
  }
}

// One, so that what others send meanwhile is heard before the next.
void SymbolServer::answer_one() {
  Client* next = nullptr;
  for (Client& each : clients_) {
    if (each.state != Client::State::kWaits || (core_ && each.text == kCoreQuestion)) continue;
    if (!next || answered_[each.asker] < answered_[next->asker]) next = &each;
  }
  if (!next) return;
  if (next->text == kCoreQuestion) {
    auto core = CoreFile::begin(data_dir_ + "/cores", next->process);
    if (!core) return give(*next, core.error().message + "\n");
    core_.emplace(std::move(*core));
    core_for_ = next;
    next->state = Client::State::kHasCore;
    next->until = steady_now() + limits_.core;
    return;
  }
  give(*next, answer_frames(symbolizer_, next->process, next->text,
                            {steady_now() + limits_.search, wake_.get()}));
}

void SymbolServer::follow_core() {
  const Result<std::string> path = core_->finish();
  core_.reset();
  Client& client = *std::exchange(core_for_, nullptr);
  if (client.state == Client::State::kHasCore)
    give(client, (path ? *path : path.error().message) + "\n");
}

void SymbolServer::give(Client& client, std::string answer) {
  const SteadyTime now = steady_now();
  answered_[client.asker] = now;
  client.state = Client::State::kTakes;
  client.until = now + limits_.answer;
  client.text = std::move(answer);
  send(client);
}

void SymbolServer::send(Client& client) {
  while (!client.text.empty()) {
    const ssize_t n =
        ::send(client.socket.get(), client.text.data(), client.text.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) break;
    client.text.erase(0, static_cast<size_t>(n));
  }
  client.state = Client::State::kGone;
}

}  // namespace kiln::engine
