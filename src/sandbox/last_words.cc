#include "sandbox/last_words.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "sandbox/descriptors.h"
#include "sandbox/launcher_message.h"

namespace kiln::sandbox {

LastWords::~LastWords() {
  if (const auto line = line_.lock()) line->speakers_.erase(number_);
}

void LastWords::when_said(std::function<void()> told) {
  told_ = std::move(told);
  if (const auto line = line_.lock(); line && status_) line->tell(*this);
}

const std::optional<ExitStatus>& LastWords::read() {
  if (const auto line = line_.lock()) line->take_all();
  if (pipe_ && !status_) {
    ::fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
    std::array<char, kMostStatus> data;
    const ssize_t n = ::read(pipe_.get(), data.data(), data.size());
    if (n > 0) status_ = read_status({data.data(), static_cast<size_t>(n)}, failed_at_);
  }
  return status_;
}

Result<void> WordsLine::open() {
  if (watch_) return {};
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return machine_error("LauncherError", "socketpair", errno);
  ours_ = UniqueFd(pair[0]);
  theirs_ = UniqueFd(pair[1]);
  watch_.emplace(loop_, ours_.get(), [this] { take_all(); });
  return {};
}

Result<WordsLine::Speaker> WordsLine::add() {
  if (auto opened = open(); !opened) return opened.error();
  const uint64_t number = ++last_number_;
  const std::shared_ptr<LastWords> words(new LastWords(weak_from_this(), number));
  speakers_.emplace(number, words.get());
  return Speaker{words, theirs_.get(), number};
}

void WordsLine::take_all() {
  std::array<char, sizeof(uint64_t) + kMostStatus> data;
  for (;;) {
    const ssize_t n = ::recv(ours_.get(), data.data(), data.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    std::string_view text(data.data(), static_cast<size_t>(n));
    uint64_t number = 0;
    if (!take_number(text, number)) continue;
    const auto found = speakers_.find(number);
    // What it writes first counts.
    if (found == speakers_.end() || found->second->status_) continue;
    LastWords& words = *found->second;
    words.status_ = read_status(text, words.failed_at_);
    tell(words);
  }
}

// Whoever reads may be at work on another one.
void WordsLine::tell(LastWords& words) {
  if (auto told = std::exchange(words.told_, nullptr)) loop_.post(std::move(told));
}

}  // namespace kiln::sandbox
