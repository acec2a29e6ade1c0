#include "cli/terminal_screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/unique_fd.h"

namespace kiln::cli {
namespace {

constexpr const char* kEnter = "\033[?1049h\033[?25l\033[2J";
constexpr const char* kLeave = "\033[?25h\033[?1049l";
constexpr const char* kHome = "\033[H";
constexpr const char* kClearLine = "\033[K";
constexpr const char* kClearRest = "\033[J";

}  // namespace

Key take_key(std::string& bytes) {
  using Kind = Key::Kind;
  struct Sequence {
    std::string_view bytes;
    Kind kind;
  };
  static constexpr Sequence kSequences[] = {
      {"\033[A", Kind::kUp},    {"\033OA", Kind::kUp},      {"\033[B", Kind::kDown},
      {"\033OB", Kind::kDown},  {"\033[5~", Kind::kPageUp}, {"\033[6~", Kind::kPageDown},
      {"\r", Kind::kEnter},     {"\n", Kind::kEnter},       {"\x7f", Kind::kBackspace},
      {"\b", Kind::kBackspace},
  };
  if (bytes.empty()) return {};
  for (const Sequence& sequence : kSequences) {
    if (!bytes.starts_with(sequence.bytes)) continue;
    bytes.erase(0, sequence.bytes.size());
    return {sequence.kind};
  }
  const char first = bytes.front();
  if (first == '\033' && bytes.size() > 1 && (bytes[1] == '[' || bytes[1] == 'O')) {
    // An unknown sequence ends with a letter or a tilde.
    size_t end = 2;
    while (end < bytes.size() && (bytes[end] < '@' || bytes[end] > '~')) ++end;
    bytes.erase(0, end + 1);
    return {};
  }
  bytes.erase(0, 1);
  if (first == '\033') return {Kind::kEscape};
  if (first >= ' ' && first < 0x7f) return {Kind::kText, first};
  return {};
}

TerminalScreen::TerminalScreen(std::ostream& out) : out_(out) {
  sigemptyset(&signals_);
  for (const int signal : {SIGINT, SIGTERM, SIGWINCH}) sigaddset(&signals_, signal);
  pthread_sigmask(SIG_BLOCK, &signals_, &signals_before_);
  tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  out_ << kEnter << std::flush;
}

TerminalScreen::~TerminalScreen() {
  out_ << kLeave << std::flush;
  tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  pthread_sigmask(SIG_SETMASK, &signals_before_, nullptr);
}

ScreenSize TerminalScreen::size() {
  // Where stdout is a pipe, stderr may still be the terminal.
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    winsize window{};
    if (ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_col != 0 && window.ws_row != 0)
      return {window.ws_col, window.ws_row};
  }
  return {};
}

void TerminalScreen::draw(const std::vector<std::string>& lines) {
  std::string page = kHome;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) page += "\r\n";
    page += lines[i];
    page += kClearLine;
  }
  page += kClearRest;
  out_ << page << std::flush;
}

TerminalScreen::Wake TerminalScreen::wait(Duration time, Key& key) {
  if (!typed_.empty()) {
    key = take_key(typed_);
    return Wake::kKey;
  }
  const UniqueFd signals(::signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK));
  std::array<pollfd, 2> waits{{{STDIN_FILENO, POLLIN, 0}, {signals.get(), POLLIN, 0}}};
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(time);
  const int ready = ::poll(waits.data(), waits.size(), static_cast<int>(limit.count()));
  if (ready <= 0) return Wake::kTime;
  if (waits[1].revents != 0) {
    signalfd_siginfo info{};
    if (::read(signals.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      return info.ssi_signo == SIGWINCH ? Wake::kResized : Wake::kStopped;
  }
  std::array<char, 32> bytes{};
  const ssize_t n = ::read(STDIN_FILENO, bytes.data(), bytes.size());
  if (n <= 0) return Wake::kStopped;  // the terminal is gone
  typed_.assign(bytes.data(), static_cast<size_t>(n));
  key = take_key(typed_);
  return Wake::kKey;
}

}  // namespace kiln::cli
