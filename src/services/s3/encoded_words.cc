#include "services/s3/encoded_words.h"

#include <algorithm>
#include <string_view>

#include "base/digest.h"

namespace kiln::services {
namespace {

constexpr std::string_view kWordStart = "=?UTF-8?", kWordEnd = "?=";

bool is_printable(char c) { return c >= ' ' && c < 0x7f; }

// What one word of printable ASCII says; the text itself where it is none.
std::string decoded_word(std::string text) {
  if (!text.starts_with(kWordStart) || !text.ends_with(kWordEnd) ||
      text.size() < kWordStart.size() + 4)
    return text;
  const std::string_view inner = std::string_view(text).substr(
      kWordStart.size(), text.size() - kWordStart.size() - kWordEnd.size());
  if (inner[1] != '?' || inner.find('?', 2) != inner.npos) return text;
  std::string plain;
  if (inner[0] == 'B' || inner[0] == 'b') {
    auto decoded = base64_decode(inner.substr(2));
    if (!decoded) return text;
    plain = std::move(*decoded);
  } else if (inner[0] == 'Q' || inner[0] == 'q') {
    for (size_t i = 2; i < inner.size(); ++i) {
      if (inner[i] == '=') return text;  // another character than ASCII's printable ones, mostly
      plain += inner[i] == '_' ? ' ' : inner[i];
    }
  } else {
    return text;
  }
  return std::all_of(plain.begin(), plain.end(), is_printable) ? plain : text;
}

// Q where most characters are ASCII, B otherwise.
std::string encoded_word(const std::string& text) {
  size_t ascii = 0, other = 0;
  for (const char c : text) {
    constexpr unsigned kContinues = 0x80, kTopBits = 0xC0;
    if ((static_cast<unsigned char>(c) & kTopBits) == kContinues) continue;
    ++(is_printable(c) || c == '\t' ? ascii : other);
  }
  if (ascii <= other)
    return std::string(kWordStart) + "B?" + base64_encode(text) + std::string(kWordEnd);
  std::string word = std::string(kWordStart) + "Q?";
  for (const char c : text) {
    constexpr std::string_view kSpecial = "=_?", kHex = "0123456789ABCDEF";
    if (c == ' ') {
      word += '_';
    } else if (is_printable(c) && kSpecial.find(c) == kSpecial.npos) {
      word += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      word += '=';
      word += kHex[byte >> 4];
      word += kHex[byte & 0xF];
    }
  }
  return word + std::string(kWordEnd);
}

}  // namespace

std::string plain_metadata(std::string text) {
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return is_printable(c) || c == '\t'; });
  return plain ? decoded_word(std::move(text)) : encoded_word(text);
}

}  // namespace kiln::services
