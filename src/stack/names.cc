#include "stack/names.h"

#include <algorithm>

#include "base/ids.h"

namespace kiln::stack {
namespace {

constexpr size_t kRandom = 12;
// What a long stack's name leaves to the logical id.
constexpr size_t kLogicalIdShare = 24;

std::string random_part() {
  static constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::string out;
  for (size_t i = 0; i < kRandom; ++i) out += kLetters[random_u64() % (sizeof kLetters - 1)];
  return out;
}

}  // namespace

std::string chosen_name(const std::string& stack, const std::string& logical_id, size_t max) {
  const size_t room = max - kRandom - 2;  // two hyphens
  std::string first = stack, second = logical_id;
  if (first.size() + second.size() > room) {
    second = second.substr(0, std::max(kLogicalIdShare, room - std::min(room, first.size())));
    first = first.substr(0, room - std::min(room, second.size()));
  }
  return first + "-" + second + "-" + random_part();
}

}  // namespace kiln::stack
