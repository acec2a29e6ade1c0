#include "sdk/core/json_object.h"

#include <cstdint>

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
  // By insertion: objects are small, and equal keys keep their order.
  std::vector<uint32_t> order(members_.size());
  for (uint32_t i = 0; i < order.size(); ++i) {
    uint32_t at = i;
    for (; at > 0 && members_[i].key < members_[order[at - 1]].key; --at) order[at] = order[at - 1];
    order[at] = i;
  }
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
