#include "net/http_crowd.h"

#include <algorithm>
#include <utility>

#include "net/http_connection.h"

namespace kiln::net {
namespace {

constexpr size_t kMostAsked = 16;
constexpr size_t kMostReadAhead = 64;

}  // namespace

void HttpCrowd::join(Member& member, HttpConnection& who) {
  auto& list = those(Awaited::kRequest);
  member.place_ = list.insert(list.end(), &who);
  member.awaited_ = Awaited::kRequest;
  member.is_in_ = true;
  ++joined_;
}

void HttpCrowd::move(Member& member, Awaited awaited) {
  if (!member.is_in_) return;
  auto& list = those(awaited);
  list.splice(list.end(), those(std::exchange(member.awaited_, awaited)), member.place_);
}

void HttpCrowd::leave(Member& member) {
  if (!std::exchange(member.is_in_, false)) return;
  those(member.awaited_).erase(member.place_);
  release(member);
  --joined_;
  --size_;
}

bool HttpCrowd::hold(Member& member, uint64_t bytes, uint64_t group) {
  if (bytes <= member.held_) return true;
  if (member.held_ == 0) member.group_ = group;
  if (!bodies_.take(member.group_, bytes - member.held_)) return false;
  member.held_ = bytes;
  return true;
}

bool HttpCrowd::reads_ahead(Member& member) {
  if (member.reads_ahead_) return true;
  if (reading_ahead_ >= kMostReadAhead) return false;
  ++reading_ahead_;
  return member.reads_ahead_ = true;
}

void HttpCrowd::release(Member& member) {
  if (std::exchange(member.reads_ahead_, false)) --reading_ahead_;
  if (member.held_ > 0) bodies_.give_back(member.group_, std::exchange(member.held_, 0));
}

HttpConnection* HttpCrowd::makes_way(const HttpConnection& who, uint64_t group, uint64_t bytes) {
  const uint64_t goes = bodies_.who_makes_way(group, bytes);
  auto& list = those(Awaited::kPeer);
  HttpConnection* spared = nullptr;
  size_t asked = 0;
  auto at = list.begin();
  for (size_t left = list.size(); left > 0; --left) {
    const auto each = at++;
    if (*each == &who || !(*each)->holds_room_of(goes)) continue;
    // As in least_missed(): where all of them take something, one goes.
    if (asked == kMostAsked || !(*each)->has_taken_more()) return *each;
    ++asked;
    if (!spared) spared = *each;
    list.splice(list.end(), list, each);
  }
  return spared;
}

HttpConnection* HttpCrowd::least_missed() {
  for (const Awaited awaited : {Awaited::kRequest, Awaited::kPeer, Awaited::kUsByNobody}) {
    auto& list = those(awaited);
    if (list.empty()) continue;
    // Each question is a system call: with many that all take something, one of them goes.
    size_t left = std::min(list.size(), kMostAsked);
    for (; left > 0 && list.front()->has_taken_more(); --left)
      list.splice(list.end(), list, list.begin());
    return list.front();
  }
  return nullptr;
}

}  // namespace kiln::net
