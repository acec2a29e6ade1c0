// The connections of one loop of a server, by whom they wait for. Where there are too many, the one
// goes that is missed least: first who has waited longest for a next request, then who has been
// silent longest within a request or while it is answered, then who sends no more and may be gone.
// No other one goes whose request is being worked on. Who takes an answer slowly isn't silent.
//
// Large bodies that are on their way take memory until they are whole: all loops of a server have
// one room for them. Where it is full, the one goes whose peer has been silent longest within its
// body.
//
// Threading: the loop's, but for Expected and size(). Cost: moving one is a few words.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <utility>

namespace kiln::net {

class HttpConnection;

// Bytes of the large bodies that are on their way, of all loops of a server.
struct BodyRoom {
  const uint64_t most;
  std::atomic<uint64_t> used = 0;
};

class HttpCrowd {
 public:
  // kUsByNobody: perhaps nobody waits for us.
  enum class Awaited { kRequest, kPeer, kUsByNobody, kUs };
  // What a connection keeps of its place.
  class Member {
   public:
    // Bytes of its body that have room.
    uint64_t held() const { return held_; }

   private:
    friend class HttpCrowd;
    std::list<HttpConnection*>::iterator place_;
    Awaited awaited_ = Awaited::kRequest;
    bool is_in_ = false;
    uint64_t held_ = 0;
  };

  HttpCrowd(size_t most, std::shared_ptr<BodyRoom> bodies)
      : most_(most), bodies_(std::move(bodies)) {}
  HttpCrowd(const HttpCrowd&) = delete;

  // One that is on its way.
  class Expected {
   public:
    explicit Expected(HttpCrowd& crowd) : crowd_(&crowd) { ++crowd.size_; }
    Expected(Expected&& other) noexcept : crowd_(std::exchange(other.crowd_, nullptr)) {}
    ~Expected() {
      if (crowd_ != nullptr) --crowd_->size_;
    }
    void has_joined() { crowd_ = nullptr; }

   private:
    HttpCrowd* crowd_;
  };
  void join(Member& member, HttpConnection& who);
  // Behind the others of whom so much is awaited.
  void move(Member& member, Awaited awaited);
  void leave(Member& member);

  // Room for so many bytes of its body, no less than it has. False: there is none.
  bool hold(Member& member, uint64_t bytes);
  // Its body has gone on.
  void release(Member& member);
  // Of the others whose bodies have room, the one whose peer has been silent longest; nullptr:
  // none.
  HttpConnection* longest_holding(const HttpConnection& but) const;

  // With those that are expected.
  size_t size() const { return size_; }
  // Whether there is no room for one more.
  bool is_full() const { return joined_ >= most_; }
  // nullptr: each is being worked on. Cost: a system call for each that is being answered.
  HttpConnection* least_missed();

 private:
  std::list<HttpConnection*>& those(Awaited awaited) { return lists_[static_cast<int>(awaited)]; }

  const size_t most_;
  const std::shared_ptr<BodyRoom> bodies_;
  std::atomic<size_t> size_ = 0;
  size_t joined_ = 0;
  std::list<HttpConnection*> lists_[4];
};

}  // namespace kiln::net
