// parallel::map in processes.
//
// Each worker is a fork of this process at the other end of a socket pair. It is sent ranges of
// indices and answers with one frame for each item before it begins the next one, so that when it
// dies, the first item without an answer is the one that it died of.
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>

#include "base/unique_fd.h"
#include "kiln/parallel.h"
#include "sdk/core/error_document.h"

namespace kiln::parallel::detail {
namespace {

struct Range {
  uint64_t begin;
  uint64_t end;
};

struct FrameHeader {
  uint64_t index;
  uint64_t failed;
  uint64_t size;
};

bool send_all(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

bool receive_all(int fd, char* data, size_t size) {
  while (size > 0) {
    const ssize_t received = ::recv(fd, data, size, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) return false;
    data += received;
    size -= static_cast<size_t>(received);
  }
  return true;
}

// The life of a worker, in the worker. Leaves without what exit(3) does: that is the parent's.
[[noreturn]] void serve(int fd, const Produce& produce) {
  Range range{};
  while (receive_all(fd, reinterpret_cast<char*>(&range), sizeof range)) {
    for (uint64_t i = range.begin; i < range.end; ++i) {
      FrameHeader header{i, 0, 0};
      std::string bytes;
      try {
        bytes = produce(i);
      } catch (...) {
        header.failed = 1;
        bytes = sdk::current_exception_info().message;
        if (bytes.empty()) bytes = "an exception without a message";
      }
      header.size = bytes.size();
      bytes.insert(0, reinterpret_cast<const char*>(&header), sizeof header);
      if (!send_all(fd, bytes.data(), bytes.size())) ::_exit(1);
    }
  }
  ::_exit(0);
}

std::string cause_of_death(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return "its worker process died";  // someone else has waited for it
  }
  if (WIFSIGNALED(status)) {
    return "its worker process died of signal " + std::to_string(WTERMSIG(status)) + " (" +
           ::strsignal(WTERMSIG(status)) + ")";
  }
  return "its worker process exited with code " + std::to_string(WEXITSTATUS(status));
}

class Worker {
 public:
  // Empty when the system has no process or descriptor left; `error` says why then.
  static std::unique_ptr<Worker> start(const Produce& produce,
                                       const std::vector<std::unique_ptr<Worker>>& others,
                                       std::string& error) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
      error = std::string("no worker process can be started: ") + std::strerror(errno);
      return nullptr;
    }
    UniqueFd ours(ends[0]);
    const UniqueFd theirs(ends[1]);
    // A handler of this process, run in the worker, would act on what both share: connections.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      ::signal(SIGTERM, SIG_DFL);
      ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
      ::close(ours.get());
      // Or the others would not notice that the parent has closed their connections.
      for (const auto& other : others) {
        if (other) ::close(other->fd_.get());
      }
      serve(theirs.get(), produce);
    }
    const int fork_error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) {
      error = std::string("no worker process can be started: ") + std::strerror(fork_error);
      return nullptr;
    }
    return std::unique_ptr<Worker>(new Worker(pid, std::move(ours)));
  }

  ~Worker() {
    // An idle worker ends with its connection; closing would not do where another process has a
    // copy.
    if (fd_) ::shutdown(fd_.get(), SHUT_RDWR);
    if (pid_ <= 0) return;
    if (busy()) ::kill(pid_, SIGKILL);
    cause_of_death(pid_);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  int fd() const { return fd_.get(); }
  bool busy() const { return undone_.begin < undone_.end; }
  const Range& undone() const { return undone_; }

  // False: the worker is gone.
  bool give(Range range) {
    undone_ = range;
    return send_all(fd_.get(), reinterpret_cast<const char*>(&range), sizeof range);
  }

  // Reads what has come, and hands on complete answers. False: the worker is gone.
  bool read(const Accept& accept, const Fail& fail) {
    constexpr size_t kPiece = 64 * 1024;
    const size_t filled = buffer_.size();
    buffer_.resize(filled + kPiece);
    const ssize_t received = ::recv(fd_.get(), buffer_.data() + filled, kPiece, MSG_DONTWAIT);
    buffer_.resize(filled + static_cast<size_t>(std::max<ssize_t>(received, 0)));
    if (received < 0) return errno == EINTR || errno == EAGAIN;
    if (received == 0) return false;
    size_t taken = 0;
    FrameHeader header{};
    while (buffer_.size() - taken >= sizeof header) {
      std::memcpy(&header, buffer_.data() + taken, sizeof header);
      if (buffer_.size() - taken - sizeof header < header.size) break;
      const std::string_view bytes(buffer_.data() + taken + sizeof header, header.size);
      taken += sizeof header + header.size;
      hand_on(header, bytes, accept, fail);
    }
    buffer_.erase(0, taken);
    return true;
  }

  std::string bury() {
    fd_.reset();
    return cause_of_death(std::exchange(pid_, -1));
  }

 private:
  Worker(pid_t pid, UniqueFd fd) : pid_(pid), fd_(std::move(fd)) {}

  void hand_on(const FrameHeader& header, std::string_view bytes, const Accept& accept,
               const Fail& fail) {
    undone_.begin = header.index + 1;
    if (header.failed) return fail(header.index, std::string(bytes));
    try {
      accept(header.index, bytes);
    } catch (const std::exception& e) {
      fail(header.index, e.what());
    }
  }

  pid_t pid_;
  UniqueFd fd_;
  Range undone_{0, 0};
  std::string buffer_;
};

// Hands out the items: pieces small enough that the workers end together.
class Work {
 public:
  Work(size_t count, size_t workers)
      : count_(count), piece_(std::clamp<size_t>(count / (workers * 8), 1, 64)) {}

  bool empty() const { return next_ >= count_ && returned_.empty(); }
  Range take() {  // REQUIRES: not empty
    if (!returned_.empty()) {
      const Range range = returned_.back();
      returned_.pop_back();
      return range;
    }
    const Range range{next_, std::min(next_ + piece_, count_)};
    next_ = range.end;
    return range;
  }
  void give_back(Range range) {
    if (range.begin < range.end) returned_.push_back(range);
  }

 private:
  const uint64_t count_;
  const uint64_t piece_;
  uint64_t next_ = 0;
  std::vector<Range> returned_;
};

}  // namespace

void in_processes(size_t count, size_t worker_count, const Produce& produce, const Accept& accept,
                  const Fail& fail) {
  worker_count = std::min(worker_count, count);
  if (count == 0) return;
  Work work(count, worker_count);
  std::vector<std::unique_ptr<Worker>> workers(worker_count);
  std::vector<pollfd> polled;
  while (true) {
    // Every place without a worker gets one, every idle worker gets work.
    std::string problem;
    polled.clear();
    for (auto& worker : workers) {
      if (!worker && !work.empty() && problem.empty()) {
        worker = Worker::start(produce, workers, problem);
      }
      // A worker that is gone already is noticed when it is read.
      if (worker && !worker->busy() && !work.empty()) worker->give(work.take());
      if (worker && worker->busy()) polled.push_back({worker->fd(), POLLIN, 0});
    }
    if (polled.empty()) {
      // All done, or no worker to do it.
      while (!work.empty()) {
        const Range range = work.take();
        for (uint64_t i = range.begin; i < range.end; ++i) fail(i, problem);
      }
      return;
    }
    if (::poll(polled.data(), polled.size(), -1) < 0) continue;  // EINTR
    size_t place = 0;
    for (auto& worker : workers) {
      if (!worker || !worker->busy()) continue;
      if (polled[place++].revents == 0 || worker->read(accept, fail)) continue;
      const Range undone = worker->undone();
      fail(undone.begin, worker->bury());
      work.give_back({undone.begin + 1, undone.end});
      worker.reset();
    }
  }
}

}  // namespace kiln::parallel::detail
