#include "net/http_crowd.h"

#include <utility>

namespace kiln::net {

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
  --joined_;
  --size_;
}

HttpConnection* HttpCrowd::least_missed() const {
  for (const Awaited awaited : {Awaited::kRequest, Awaited::kPeer, Awaited::kUsByNobody})
    if (const auto& list = lists_[static_cast<int>(awaited)]; !list.empty()) return list.front();
  return nullptr;
}

}  // namespace kiln::net
