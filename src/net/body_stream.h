// The body of an answer that is written while it is sent:
//
//   BodyWriter writer;
//   Response response;
//   response.stream = writer.stream();       // goes to HttpConnection::reply
//   writer.put("first part", [] { … });      // the next one may come
//   writer.end();
//
// A writer that goes without end() leaves the body incomplete, and the connection ends, so that the
// peer sees it. HTTP/1.1 sends it in chunks; HTTP/1.0 until the connection closes.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/mutex.h"

namespace kiln::net {

// What the writer and whoever reads share. Thread-safe.
class BodyStream {
 public:
  enum class Next { kPart, kNothingYet, kEnd, kBrokenOff };
  struct Taken {
    Next next = Next::kNothingYet;
    std::string part;
    std::function<void()> more;  // to be called once the part has gone
  };

  // `wake` is called, on any thread, when take() has something again.
  void open(std::function<void()> wake);
  Taken take();

 private:
  friend class BodyWriter;
  enum class End { kNotYet, kWhole, kBrokenOff };

  void put(std::string&& part, std::function<void()> more);
  void finish(End end);
  void close();
  void wake();

  Mutex mutex_;
  std::deque<Taken> parts_ KILN_GUARDED_BY(mutex_);
  End end_ KILN_GUARDED_BY(mutex_) = End::kNotYet;
  bool closed_ KILN_GUARDED_BY(mutex_) = false;
  bool waits_ KILN_GUARDED_BY(mutex_) = true;  // the reader found nothing
  std::function<void()> wake_ KILN_GUARDED_BY(mutex_);
};

// Thread-safe.
class BodyWriter {
 public:
  BodyWriter() = default;
  BodyWriter(const BodyWriter&) = delete;
  BodyWriter& operator=(const BodyWriter&) = delete;
  ~BodyWriter() { break_off(); }

  // The reader's end. Once it has gone, what was put and what follows counts as taken. REQUIRES:
  // called once.
  std::shared_ptr<BodyStream> stream() const {
    return {stream_.get(), [stream = stream_](BodyStream*) { stream->close(); }};
  }
  // `more` is called once, on any thread and perhaps at once, when the peer has taken the part as
  // far as one can know, or has gone. Whoever doesn't wait for it fills memory. An empty part sends
  // nothing. Throws std::bad_alloc; nothing was put then.
  void put(
      std::string&& part, std::function<void()> more = [] {}) {
    stream_->put(std::move(part), std::move(more));
  }
  // The body is whole, or ends here although it isn't. What follows is ignored.
  void end() { stream_->finish(BodyStream::End::kWhole); }
  void break_off() { stream_->finish(BodyStream::End::kBrokenOff); }

 private:
  const std::shared_ptr<BodyStream> stream_ = std::make_shared<BodyStream>();
};

}  // namespace kiln::net
