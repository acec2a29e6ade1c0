#include "sdk/core/json_object.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace kiln::sdk {
namespace {

constexpr size_t kUsualMembers = 16;
constexpr size_t kUsualText = 256;

}  // namespace

JsonObject::JsonObject() {
  values_.reserve(kUsualText);
  members_.reserve(kUsualMembers);
}

void JsonObject::begin(std::string_view key) {
  if (!members_.empty()) values_ += ',';
  members_.push_back({key, values_.size()});
}

std::string JsonObject::text() const {
  // Equal keys keep their order. (std::stable_sort would allocate.)
  std::vector<uint32_t> order(members_.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [this](uint32_t a, uint32_t b) {
    const int compared = members_[a].key.compare(members_[b].key);
    return compared < 0 || (compared == 0 && a < b);
  });
  std::string out;
  out.reserve(values_.size() + kUsualText);
  JsonWriter writer(out);
  writer.begin_object();
  for (const uint32_t i : order) {
    const size_t begin = members_[i].begin;
    const size_t end = i + 1 < members_.size() ? members_[i + 1].begin - 1 : values_.size();
    writer.key(members_[i].key);
    writer.raw(std::string_view(values_).substr(begin, end - begin));
  }
  writer.end_object();
  return out;
}

}  // namespace kiln::sdk
