// The connections of one loop of a server, by whom they wait for. Where there are too many, the one
// goes that is missed least: first who has waited longest for a next request, then who has been
// silent longest within a request or while it is answered, then who sends no more and may be gone.
// No other one goes whose request is being worked on. Who takes an answer slowly isn't silent.
//
// Large requests take memory until they are whole, and large answers until their peer has taken
// them. They have one room for it (body_room.h). Where it is full, of the group that holds most the
// one goes that has been waited for longest.
//
// Threading: the loop's, but for Expected, size(), and the counts. Cost: moving one is a few words.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <utility>

#include "net/body_room.h"

namespace kiln::net {

class HttpConnection;

class HttpCrowd {
 public:
  // kUsByNobody: perhaps nobody waits for us.
  enum class Awaited { kRequest, kPeer, kUsByNobody, kUs };
  // What a connection keeps of its place.
  class Member {
   public:
    // Bytes of its request or answer that have room, and the group for which they count.
    uint64_t held() const { return held_; }
    uint64_t group() const { return group_; }

   private:
    friend class HttpCrowd;
    std::list<HttpConnection*>::iterator place_;
    Awaited awaited_ = Awaited::kRequest;
    bool is_in_ = false;
    uint64_t held_ = 0;
    uint64_t group_ = 0;
    bool reads_ahead_ = false;
  };

  HttpCrowd(size_t most, uint64_t body_bytes) : most_(most), bodies_(body_bytes) {}
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

  // Whether it may read a large part ahead while the last one is written. Some may, until
  // release().
  bool reads_ahead(Member& member);
  // Room for so many bytes of its request or answer. False: there is none. `group`: whose it is, as
  // long as it holds any.
  bool hold(Member& member, uint64_t bytes, uint64_t group);
  // That has gone on.
  void release(Member& member);
  // Who goes so that `who`, of `group`, has room for so many bytes more; nullptr: nobody but
  // itself. Cost: as least_missed(), and a look at each of whom the peer is awaited.
  HttpConnection* makes_way(const HttpConnection& who, uint64_t group, uint64_t bytes);

  // Requests and answers that have made way, and those for which nobody did, ever.
  void has_made_way() { ++made_way_; }
  void has_found_none() { ++found_none_; }
  uint64_t made_way() const { return made_way_; }
  uint64_t found_none() const { return found_none_; }

  // With those that are expected.
  size_t size() const { return size_; }
  // Whether there is no room for one more.
  bool is_full() const { return joined_ >= most_; }
  // nullptr: each is being worked on. Cost: a system call for each that is being answered.
  HttpConnection* least_missed();

 private:
  std::list<HttpConnection*>& those(Awaited awaited) { return lists_[static_cast<int>(awaited)]; }

  const size_t most_;
  BodyRoom bodies_;
  size_t reading_ahead_ = 0;
  std::atomic<uint64_t> made_way_ = 0, found_none_ = 0;
  std::atomic<size_t> size_ = 0;
  size_t joined_ = 0;
  std::list<HttpConnection*> lists_[4];
};

}  // namespace kiln::net
