#include "sdk/core/json_object.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

namespace kiln::sdk {
namespace {

constexpr size_t kUsualMembers = 16;

// Orders as the keys do, but for those that have the first eight bytes in common.
uint64_t rank_of(std::string_view key) {
  uint64_t word = 0;
  std::memcpy(&word, key.data(), std::min(key.size(), sizeof word));
  if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
  return word;
}

}  // namespace

JsonObject::JsonObject() { members_.reserve(kUsualMembers); }

void JsonObject::begin(std::string_view key) {
  writer_.separate();
  members_.push_back({rank_of(key), key, writer_.size()});
  writer_.key(key);
}

std::string JsonObject::text() const {
  // Equal keys keep their order. (std::stable_sort would allocate.)
  std::vector<uint32_t> order(members_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [this](uint32_t a, uint32_t b) {
    const Member& left = members_[a];
    const Member& right = members_[b];
    if (left.rank != right.rank) return left.rank < right.rank;
    const int compared = left.key.compare(right.key);
    return compared < 0 || (compared == 0 && a < b);
  });
  std::string out;
  TextTail tail(out);
  tail.room(writer_.size() + sizeof "{}");
  tail.add('{');
  for (const uint32_t i : order) {
    const size_t begin = members_[i].begin;
    const size_t end = i + 1 < members_.size() ? members_[i + 1].begin - 1 : writer_.size();
    if (i != order.front()) tail.add(',');
    tail.add(std::string_view(writer_.text_).substr(begin, end - begin));
  }
  tail.add('}');
  tail.end();
  return out;
}

}  // namespace kiln::sdk
