#include "wire/key_page.h"

#include <algorithm>

#include "base/digest.h"

namespace kiln::wire {
namespace {

// What tells a token from other text.
constexpr std::string_view kBehind = "behind:";

}  // namespace

std::optional<KeyPage> key_page(const std::vector<std::string>& keys, const std::string& token,
                                size_t most) {
  KeyPage page;
  if (!token.empty()) {
    const auto text = base64_decode(token);
    if (!text || !text->starts_with(kBehind)) return std::nullopt;
    // It may be gone: its place tells.
    const auto next = std::upper_bound(keys.begin(), keys.end(), text->substr(kBehind.size()));
    page.from = static_cast<size_t>(next - keys.begin());
  }
  page.to = page.from + std::min(most, keys.size() - page.from);
  if (page.to < keys.size() && page.to > 0) page.next = key_token(keys[page.to - 1]);
  return page;
}

std::string key_token(const std::string& key) { return base64_encode(std::string(kBehind) + key); }

std::string descending_key(uint64_t number) {
  std::string digits = std::to_string(~number);
  return std::string(20 - digits.size(), '0') + digits;
}

}  // namespace kiln::wire
