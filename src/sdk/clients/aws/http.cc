#include "kiln/http.h"

#include <algorithm>
#include <mutex>

#include "sdk/clients/aws/http_transfer.h"

namespace kiln::http {
namespace {

constexpr size_t kMaxIdle = 16;

// Handles that wait for their next use, with their connections.
template <class Handle>
class Shelf {
 public:
  Handle* take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    Handle* handle = idle_.back();
    idle_.pop_back();
    return handle;
  }
  // False: there is no room.
  bool put(Handle* handle) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() >= kMaxIdle) return false;
    idle_.push_back(handle);
    return true;
  }

 private:
  std::mutex mutex_;
  std::vector<Handle*> idle_;
};

}  // namespace

std::string_view Response::header(std::string_view name) const {
  const auto found = std::find_if(headers.rbegin(), headers.rend(),
                                  [&](const auto& header) { return header.first == name; });
  return found == headers.rend() ? std::string_view() : std::string_view(found->second);
}

struct Client::Impl {
  explicit Impl(ClientOptions o) : options(std::move(o)) {}
  ~Impl() {
    while (CURLM* multi = multis.take()) CurlLibrary::get().multi_cleanup(multi);
    while (CURL* easy = easies.take()) CurlLibrary::get().easy_cleanup(easy);
  }

  ClientOptions options;
  Shelf<CURL> easies;
  Shelf<CURLM> multis;
};

namespace {

// A handle for one transfer, back on its shelf at the end.
class Easy {
 public:
  Easy(const CurlLibrary& curl, Shelf<CURL>& shelf)
      : curl_(curl), shelf_(shelf), handle_(shelf.take()) {
    if (!handle_) handle_ = curl.easy_init();
    if (!handle_) throw std::bad_alloc();
  }
  Easy(const Easy&) = delete;
  Easy& operator=(const Easy&) = delete;
  ~Easy() {
    // What the handle refers to ends with the transfer.
    curl_.easy_reset(handle_);
    if (!shelf_.put(handle_)) curl_.easy_cleanup(handle_);
  }
  CURL* get() const { return handle_; }

 private:
  const CurlLibrary& curl_;
  Shelf<CURL>& shelf_;
  CURL* handle_;
};

// Many transfers at once. What is still under way at the end is taken off.
class Batch {
 public:
  Batch(const CurlLibrary& curl, Shelf<CURLM>& multis, Shelf<CURL>& easies,
        const std::string& user_agent)
      : curl_(curl),
        multis_(multis),
        easies_(easies),
        user_agent_(user_agent),
        multi_(multis.take()) {
    if (!multi_) multi_ = curl.multi_init();
    if (!multi_) throw std::bad_alloc();
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() {
    running_.clear();
    if (!multis_.put(multi_)) curl_.multi_cleanup(multi_);
  }

  void start(const Request& request, Outcome& outcome) {
    try {
      running_.push_back(std::make_unique<Running>(*this, request, outcome));
    } catch (const Error& error) {
      outcome = error;
    }
  }
  size_t size() const { return running_.size(); }

  // Waits for something to happen and takes off what is done.
  void step() {
    int active = 0;
    curl_.multi_perform(multi_, &active);
    int left = 0;
    bool ended = false;
    while (CURLMsg* message = curl_.multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const auto done = std::find_if(running_.begin(), running_.end(), [&](const auto& running) {
        return running->easy.get() == message->easy_handle;
      });
      (*done)->outcome = (*done)->transfer.finish(code);
      running_.erase(done);
      ended = true;
    }
    if (!ended && active > 0) curl_.multi_poll(multi_, nullptr, 0, 1000, nullptr);
  }

 private:
  struct Running {
    Running(Batch& b, const Request& request, Outcome& o)
        : batch(b),
          outcome(o),
          easy(b.curl_, b.easies_),
          transfer(b.curl_, easy.get(), request, b.user_agent_) {
      batch.curl_.multi_add_handle(batch.multi_, easy.get());
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { batch.curl_.multi_remove_handle(batch.multi_, easy.get()); }

    Batch& batch;
    Outcome& outcome;
    Easy easy;
    Transfer transfer;
  };

  const CurlLibrary& curl_;
  Shelf<CURLM>& multis_;
  Shelf<CURL>& easies_;
  const std::string& user_agent_;
  CURLM* multi_;
  std::vector<std::unique_ptr<Running>> running_;
};

}  // namespace

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Response Client::send(const Request& request) {
  const CurlLibrary& curl = CurlLibrary::get();
  const Easy easy(curl, impl_->easies);
  Transfer transfer(curl, easy.get(), request, impl_->options.user_agent);
  Outcome outcome = transfer.finish(curl.easy_perform(easy.get()));
  if (const Error* error = std::get_if<Error>(&outcome)) throw *error;
  return std::get<Response>(std::move(outcome));
}

std::vector<Outcome> Client::send_all(std::span<const Request> requests, size_t at_once) {
  std::vector<Outcome> outcomes(requests.size());
  if (requests.empty()) return outcomes;
  Batch batch(CurlLibrary::get(), impl_->multis, impl_->easies, impl_->options.user_agent);
  size_t next = 0;
  while (next < requests.size() || batch.size() > 0) {
    while (next < requests.size() && batch.size() < std::max<size_t>(at_once, 1)) {
      batch.start(requests[next], outcomes[next]);
      ++next;
    }
    if (batch.size() > 0) batch.step();
  }
  return outcomes;
}

}  // namespace kiln::http
