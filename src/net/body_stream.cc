#include "net/body_stream.h"

namespace kiln::net {

void BodyStream::open(std::function<void()> wake) {
  const MutexLock lock(mutex_);
  wake_ = std::move(wake);
}

BodyStream::Taken BodyStream::take() {
  const MutexLock lock(mutex_);
  Taken taken;
  if (!parts_.empty()) {
    taken = std::move(parts_.front());
    parts_.pop_front();
  } else if (end_ == End::kNotYet) {
    waits_ = true;
  } else {
    taken.next = end_ == End::kWhole ? Next::kEnd : Next::kBrokenOff;
  }
  return taken;
}

void BodyStream::close() {
  std::deque<Taken> left;
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    wake_ = nullptr;
    left.swap(parts_);
  }
  for (const Taken& part : left) part.more();
}

void BodyStream::put(std::string&& part, std::function<void()> more) {
  {
    const MutexLock lock(mutex_);
    if (!closed_ && end_ == End::kNotYet && !part.empty()) {
      parts_.push_back({Next::kPart, std::move(part), std::move(more)});
      more = nullptr;
    }
  }
  if (more) return more();
  wake();
}

void BodyStream::finish(End end) {
  {
    const MutexLock lock(mutex_);
    if (end_ != End::kNotYet) return;
    end_ = end;
  }
  wake();
}

void BodyStream::wake() {
  std::function<void()> wake;
  {
    const MutexLock lock(mutex_);
    // Before open() nobody is there; then the reader looks by itself.
    if (!wake_ || !waits_) return;
    waits_ = false;
    wake = wake_;
  }
  wake();
}

}  // namespace kiln::net
