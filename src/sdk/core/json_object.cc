#include "sdk/core/json_object.h"

#include <algorithm>

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
  struct Printed {
    std::string_view key;
    std::string_view value;
  };
  std::vector<Printed> printed;
  printed.reserve(members_.size());
  for (size_t i = 0; i < members_.size(); ++i) {
    const size_t begin = members_[i].begin;
    const size_t end = i + 1 < members_.size() ? members_[i + 1].begin - 1 : values_.size();
    printed.push_back({members_[i].key, std::string_view(values_).substr(begin, end - begin)});
  }
  std::stable_sort(printed.begin(), printed.end(),
                   [](const Printed& a, const Printed& b) { return a.key < b.key; });
  std::string out;
  out.reserve(values_.size() + kUsualText);
  JsonWriter writer(out);
  writer.begin_object();
  for (const Printed& member : printed) {
    writer.key(member.key);
    writer.raw(member.value);
  }
  writer.end_object();
  return out;
}

}  // namespace kiln::sdk
